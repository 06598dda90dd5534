package slackio

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/oombot/oombot/investigations"
)

// TestCheck asks a Slack that answers with a list of scopes, or refuses.
func TestCheck(t *testing.T) {
	const token = "xoxb-1-secret"
	tests := []struct {
		name, body, scopes string
		want               map[string]investigations.CheckState
	}{
		{"all scopes", `{"ok": true, "user": "oombot", "team": "Acme"}`, allScopes(), map[string]investigations.CheckState{"token of the bot": investigations.CheckOK, "scopes": investigations.CheckOK}},
		{"one that is needed is missing", `{"ok": true}`, strings.Replace(allScopes(), "chat:write,", "", 1), map[string]investigations.CheckState{
			"token of the bot": investigations.CheckOK, "scope chat:write": investigations.CheckFail,
		}},
		{"one that is not needed is missing", `{"ok": true}`, strings.Replace(allScopes(), "files:write,", "", 1), map[string]investigations.CheckState{
			"token of the bot": investigations.CheckOK, "scope files:write": investigations.CheckWarn,
		}},
		{"no list", `{"ok": true}`, "", map[string]investigations.CheckState{"token of the bot": investigations.CheckOK}},
		{"revoked", `{"ok": false, "error": "token_revoked"}`, "", map[string]investigations.CheckState{"token of the bot": investigations.CheckFail}},
		{"no JSON", `<html>`, "", map[string]investigations.CheckState{"token of the bot": investigations.CheckFail}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer "+token {
					t.Errorf("%s came without the token", r.URL.Path)
				}
				if tt.scopes != "" {
					w.Header().Set("X-Oauth-Scopes", tt.scopes)
				}
				_, _ = w.Write([]byte(tt.body))
			}))
			defer s.Close()
			secret := func() (string, error) { return token, nil }
			got := NewClient(ClientOptions{Token: secret, API: s.URL + "/"}).Check(t.Context())
			if len(got) != len(tt.want) {
				t.Fatalf("the checks are %+v, want %v", got, tt.want)
			}
			for _, k := range got {
				if k.State != tt.want[k.Name] || strings.Contains(k.Says+k.Fix, token) || k.State != investigations.CheckOK && k.Fix == "" {
					t.Errorf("the check is %+v, want %s", k, tt.want[k.Name])
				}
			}
			socket := NewSocket(SocketOptions{Token: secret, API: s.URL + "/"}).Check(t.Context())
			if (socket.State == investigations.CheckOK) != strings.Contains(tt.body, `"ok": true`) {
				t.Errorf("the socket's check is %+v", socket)
			}
		})
	}
}

func allScopes() string {
	var all []string
	for _, s := range scopes {
		all = append(all, s.name)
	}
	return strings.Join(all, ",")
}
