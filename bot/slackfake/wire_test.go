package slackfake_test

import (
	"encoding/json"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/oombot/oombot/bot/slackfake"
)

// openURL asks for an address of a websocket.
func openURL(t *testing.T, s *slackfake.Server) string {
	t.Helper()
	_, url, err := client(s).StartSocketModeContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return url
}

// dial opens a websocket without a client.
func dial(t *testing.T, s *slackfake.Server) *websocket.Conn {
	t.Helper()
	ws, status := try(t, openURL(t, s))
	if ws == nil {
		t.Fatalf("dial: status %d", status)
	}
	return ws
}

// try opens a websocket at an address; it is nil, and the status says why, where there is none.
func try(t *testing.T, url string) (*websocket.Conn, int) {
	t.Helper()
	ws, resp, err := websocket.DefaultDialer.DialContext(t.Context(), url, nil)
	if resp == nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err != nil {
		return nil, resp.StatusCode
	}
	t.Cleanup(func() { _ = ws.Close() })
	return ws, resp.StatusCode
}

func readFrame(t *testing.T, ws *websocket.Conn) map[string]any {
	t.Helper()
	_, b, err := ws.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	var o map[string]any
	if err := json.Unmarshal(b, &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func writeFrame(t *testing.T, ws *websocket.Conn, b []byte) {
	t.Helper()
	if err := ws.WriteMessage(websocket.TextMessage, b); err != nil {
		t.Fatal(err)
	}
}
