package kubeclient

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func object(t *testing.T, text string) Object {
	t.Helper()
	var o Object
	if err := json.Unmarshal([]byte(text), &o.Object); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestListFile(t *testing.T) {
	data, err := ListFile([]Object{
		object(t, `{"kind":"Pod","metadata":{"namespace":"b","name":"y","uid":"2"}}`),
		object(t, `{"kind":"Pod","metadata":{"namespace":"a","name":"x","uid":"new","creationTimestamp":"2026-01-02T00:00:00Z"}}`),
		object(t, `{"kind":"Pod","metadata":{"namespace":"a","name":"x","uid":"old","creationTimestamp":"2026-01-01T00:00:00Z","resourceVersion":"99"}}`),
		object(t, `{"kind":"Pod","metadata":{"namespace":"a","name":"x","uid":"old","creationTimestamp":"2026-01-01T00:00:00Z","resourceVersion":"100"}}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Kind, APIVersion string
		Items            []struct {
			Metadata struct{ Name, UID, ResourceVersion string }
		}
	}
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range list.Items {
		got = append(got, i.Metadata.Name+" "+i.Metadata.UID+" "+i.Metadata.ResourceVersion)
	}
	if diff := cmp.Diff([]string{"x old 100", "y 2 "}, got); diff != "" || list.Kind != "List" || list.APIVersion != "v1" {
		t.Errorf("%s (-want +got):\n%s", data, diff)
	}
}

func TestListFileHoldsNoSecret(t *testing.T) {
	pod := `{"kind":"Pod","metadata":{"name":"x","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"p\":\"hunter2\"}","note":"kept"}},
		"spec":{"containers":[{"name":"c","env":[{"name":"DB_PASSWORD","value":"hunter2"},{"name":"GOMEMLIMIT","value":"512MiB"}],"args":["--api-key","hunter2","-Xmx512m"]}]}}`
	config := `{"kind":"ConfigMap","metadata":{"name":"y"},"data":{"JAVA_OPTS":"-Xmx512m","mail":"hunter2","app.yaml":"heap: 512m\nwho: hunter2"},"binaryData":{"b":"aHVudGVyMg=="}}`
	in := []Object{object(t, pod), object(t, config)}
	before, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	data, err := ListFile(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hunter2", "aHVudGVyMg"} {
		if strings.Contains(string(data), secret) {
			t.Errorf("%q is in %s", secret, data)
		}
	}
	for _, kept := range []string{"512MiB", "-Xmx512m", "kept", "heap: 512m", `"mail"`, `"b"`} {
		if !strings.Contains(string(data), kept) {
			t.Errorf("%q is not in %s", kept, data)
		}
	}
	if after, err := json.Marshal(in); err != nil || string(after) != string(before) {
		t.Errorf("the objects were changed: %s (%v)", after, err)
	}
}
