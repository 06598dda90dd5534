package deploy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/card"
	"github.com/oombot/oombot/bot/slackio"
	"github.com/oombot/oombot/investigations"
)

// manifest is a Slack app as its manifest describes it. Its fields are those of
// https://docs.slack.dev/reference/app-manifest that oombot uses: another one is an error.
type manifest struct {
	DisplayInformation struct {
		Name            string `json:"name"`
		Description     string `json:"description"`
		BackgroundColor string `json:"background_color"`
	} `json:"display_information"`
	Features struct {
		BotUser struct {
			DisplayName  string `json:"display_name"`
			AlwaysOnline bool   `json:"always_online"`
		} `json:"bot_user"`
		AppHome struct {
			Home     bool `json:"home_tab_enabled"`
			Messages bool `json:"messages_tab_enabled"`
			ReadOnly bool `json:"messages_tab_read_only_enabled"`
		} `json:"app_home"`
		Commands []struct {
			Command     string `json:"command"`
			Description string `json:"description"`
			Hint        string `json:"usage_hint"`
			Escape      bool   `json:"should_escape"`
			URL         string `json:"url"`
		} `json:"slash_commands"`
		Shortcuts []struct {
			Name        string `json:"name"`
			Type        string `json:"type"`
			Callback    string `json:"callback_id"`
			Description string `json:"description"`
		} `json:"shortcuts"`
	} `json:"features"`
	OAuth struct {
		Scopes struct {
			Bot []string `json:"bot"`
		} `json:"scopes"`
	} `json:"oauth_config"`
	Settings struct {
		Events struct {
			URL string   `json:"request_url"`
			Bot []string `json:"bot_events"`
		} `json:"event_subscriptions"`
		Interactivity struct {
			Enabled bool   `json:"is_enabled"`
			URL     string `json:"request_url"`
		} `json:"interactivity"`
		SocketMode bool `json:"socket_mode_enabled"`
		OrgDeploy  bool `json:"org_deploy_enabled"`
		Rotation   bool `json:"token_rotation_enabled"`
	} `json:"settings"`
}

const (
	socketManifest = "slack/manifest.yaml"
	httpManifest   = "slack/manifest-http.yaml"
)

func readManifest(t *testing.T, file string) (m manifest, text string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(data, &m); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return m, string(data)
}

// TestSlackScopes has every method and event find its scopes in the manifests, and every scope be of use.
func TestSlackScopes(t *testing.T) {
	var needed []string
	methods := calledMethods(t)
	for _, method := range methods {
		scopes, known := scopesOf[method]
		if !known {
			t.Errorf("slackio calls %s, and nobody looked up its scopes", method)
		}
		needed = append(needed, scopes...)
	}
	for method := range scopesOf {
		if !slices.Contains(methods, method) {
			t.Errorf("nothing calls %s any more: leave it out of the table", method)
		}
	}
	for _, file := range []string{socketManifest, httpManifest} {
		m, _ := readManifest(t, file)
		want := slices.Clone(needed)
		for _, event := range m.Settings.Events.Bot {
			want = append(want, eventScopes[event]...)
		}
		if len(m.Features.Commands)+len(m.Features.Shortcuts) > 0 {
			want = append(want, "commands")
		}
		want = slices.DeleteFunc(want, func(s string) bool { return s == appLevel })
		slices.Sort(want)
		got := slices.Sorted(slices.Values(m.OAuth.Scopes.Bot))
		if diff := cmp.Diff(slices.Compact(want), got); diff != "" {
			t.Errorf("the scopes of %s differ (- needed, + asked for):\n%s", file, diff)
		}
	}
}

// notSubscribed are events that slackio understands and the app does not ask for.
var notSubscribed = map[string]string{
	"member_left_channel": "of its own leaving the bot hears as channel_left or group_left; of everybody else's it wants to know nothing",
}

// TestSlackEvents has the manifests subscribe to what slackio reads, and to no more.
func TestSlackEvents(t *testing.T) {
	var want []string
	for _, event := range eventsRead(t) {
		switch {
		case event == "message":
			want = append(want, "message.channels", "message.groups", "message.im")
		case notSubscribed[event] == "":
			want = append(want, event)
		}
	}
	slices.Sort(want)
	for _, file := range []string{socketManifest, httpManifest} {
		m, _ := readManifest(t, file)
		if diff := cmp.Diff(want, slices.Sorted(slices.Values(m.Settings.Events.Bot))); diff != "" {
			t.Errorf("the events of %s differ (- read, + subscribed):\n%s", file, diff)
		}
		for _, event := range m.Settings.Events.Bot {
			if _, known := eventScopes[event]; !known {
				t.Errorf("%s subscribes to %s, and nobody looked up its scopes", file, event)
			}
		}
	}
}

// eventsRead are the types of events that slackio makes something of: the cases of the one switch over them.
func eventsRead(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../bot/slackio/event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Name.Name != "read" {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			c, ok := n.(*ast.CaseClause)
			if !ok {
				return true
			}
			for _, e := range c.List {
				if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					s, err := strconv.Unquote(lit.Value)
					if err != nil {
						t.Fatal(err)
					}
					out = append(out, s)
				}
			}
			return true
		})
	}
	if len(out) < 5 {
		t.Fatalf("found only the events %v: the search is wrong", out)
	}
	return out
}

// TestSlackManifests holds what the app offers and the code together, and the two manifests.
func TestSlackManifests(t *testing.T) {
	socket, _ := readManifest(t, socketManifest)
	web, _ := readManifest(t, httpManifest)
	f := socket.Features
	if len(f.Commands) != 1 || f.Commands[0].Command != "/oombot" || f.Commands[0].Escape {
		t.Errorf("the commands are %+v, want /oombot, which takes names as they are written", f.Commands)
	}
	if len(f.Shortcuts) != 1 || f.Shortcuts[0].Type != "message" || f.Shortcuts[0].Callback != bot.ShortcutAlert {
		t.Errorf("the shortcuts are %+v, want one of a message with the id %s", f.Shortcuts, bot.ShortcutAlert)
	}
	// The longest that Slack takes, by the reference of manifests.
	for text, most := range map[string]int{
		socket.DisplayInformation.Name: 35, socket.DisplayInformation.Description: 140, f.BotUser.DisplayName + " ": 80,
		f.Shortcuts[0].Name: 24, f.Shortcuts[0].Description: 150, f.Commands[0].Hint: 1000, f.Commands[0].Command: 32,
	} {
		if text == "" || len(text) > most {
			t.Errorf("%q is empty, or has more than the %d letters that Slack takes", text, most)
		}
	}
	if help := card.Help(); len(f.Shortcuts) > 0 && !strings.Contains(shown(t, help), f.Shortcuts[0].Name) {
		t.Errorf("the bot's help does not call the shortcut %q", f.Shortcuts[0].Name)
	}
	if !f.AppHome.Home || !f.AppHome.Messages || f.AppHome.ReadOnly || !socket.Settings.Interactivity.Enabled {
		t.Error("the home, direct messages and buttons are not all on")
	}
	if !socket.Settings.SocketMode || web.Settings.SocketMode || socket.Settings.Rotation {
		t.Error("Socket Mode is not on in one and off in the other, or tokens rotate, which nothing here renews")
	}

	const address = "https://oombot.example.com"
	got := []string{web.Settings.Events.URL, web.Settings.Interactivity.URL, web.Features.Commands[0].URL}
	want := []string{address + "/slack/events", address + "/slack/interactions", address + "/slack/commands"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the request URLs of %s differ from the paths that are served:\n%s", httpManifest, diff)
	}
	web.Settings.Events.URL, web.Settings.Interactivity.URL, web.Features.Commands[0].URL, web.Settings.SocketMode = "", "", "", true
	if diff := cmp.Diff(socket, web); diff != "" {
		t.Errorf("the manifests differ in more than how Slack reaches the app:\n%s", diff)
	}
}

func shown(t *testing.T, m bot.Message) string {
	t.Helper()
	data, err := yaml.Marshal(m.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// markedScopes are the scopes of a manifest, and whether its comments mark them as optional.
func markedScopes(text string) map[string]bool {
	out := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^      - ([a-z_]+:[a-z]+|commands) # (optional: )?`).FindAllStringSubmatch(text, -1) {
		out[row[1]] = row[2] != ""
	}
	return out
}

// TestSlackDocumented has docs/slack.md say of every scope what is lost without it, and which are optional as the
// manifest does.
func TestSlackDocumented(t *testing.T) {
	data, err := os.ReadFile("../docs/slack.md")
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+:[a-z]+|commands)` \\| (yes|optional) \\| [^|]+ \\| \\S").FindAllStringSubmatch(string(data), -1) {
		table[row[1]] = row[2] == "optional"
	}
	for _, file := range []string{socketManifest, httpManifest} {
		_, text := readManifest(t, file)
		if diff := cmp.Diff(markedScopes(text), table); diff != "" {
			t.Errorf("docs/slack.md and %s differ in the scopes, or in which are optional:\n%s", file, diff)
		}
	}
}

// TestSlackChecked has the check of `oombot doctor` name the same scopes as the manifests, and fail for those only that are
// not marked optional.
func TestSlackChecked(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Oauth-Scopes", "none")
		_, _ = w.Write([]byte(`{"ok": true}`)) // whether it arrives is the client's matter
	}))
	defer s.Close()
	client := slackio.NewClient(slackio.ClientOptions{Token: func() (string, error) { return "xoxb-made-up", nil }, API: s.URL})
	got := map[string]bool{}
	for _, c := range client.Check(t.Context()) {
		if name, ok := strings.CutPrefix(c.Name, "scope "); ok {
			got[name] = c.State != investigations.CheckFail
		}
	}
	_, text := readManifest(t, socketManifest)
	if diff := cmp.Diff(markedScopes(text), got); diff != "" {
		t.Errorf("the check differs in the scopes, or in which are optional (- the manifest, + the check):\n%s", diff)
	}
}
