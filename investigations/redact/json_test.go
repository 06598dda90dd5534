package redact

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// jsonCases are documents whose secrets stand between « and ».
var jsonCases = map[string]string{
	"field":               `{"user": "x", "password" : "«hunter2»", "n": 1.50e3}`,
	"escaped name":        `{"\u0070assword":"«hunter2»"}`,
	"number":              `{"token_count": 5, "tokens": 12, "max": 1}`,
	"env":                 `{"env":[{"name":"DB_PASSWORD","value":"«hunter2»"},{"name":"GOMEMLIMIT","value":"900MiB"}]}`,
	"value before name":   `{"env":[{"value":"«hunter2»","name":"DB_PASSWORD"}]}`,
	"reference":           `{"name":"DB_PASSWORD","valueFrom":{"secretKeyRef":{"name":"db-secret","key":"password","optional":false}}}`,
	"expansion":           `{"name":"DB_PASSWORD","value":"$(OTHER)"}`,
	"plain env":           `{"name":"JAVA_TOOL_OPTIONS","value":"-Xmx512m -Djavax.net.ssl.keyStorePassword=«hunter2» -XX:+UseG1GC"}`,
	"args":                `{"args":["--password","«hunter2»","--password=«hunter2»","--port","8080","--token","$(TOKEN)","--verbose"]}`,
	"args of flags":       `{"args":["--password","--verbose","x"]}`,
	"shell":               `{"command":["sh","-c","app --token «abcdef01» --port 80 && curl -u me:«hunter2» http://x"]}`,
	"curl":                `{"command":["/usr/bin/curl","-u","me:«hunter2»","http://x"]}`,
	"mysql":               `{"command":["mysqladmin","-uroot","-p«hunter2»","ping"]}`,
	"user id":             `{"args":["-u","1000:1000"]}`,
	"probe":               `{"httpGet":{"httpHeaders":[{"name":"Authorization","value":"«Basic dXNlcjpwYXNz»"},{"name":"Host","value":"x"}],"port":80}}`,
	"annotation":          `{"annotations":{"example.com/api-token":"«abcdef»","checksum/secret":"f2ecf7c9c510aa0a5e0d7d014b91af1f","checksum/config":"abc"}}`,
	"label":               `{"labels":{"app":"auth","pod-template-hash":"7c9d8f6b5"}}`,
	"address":             `{"value":"postgres://u:«hunter2»@db/x"}`,
	"DSN":                 `{"name":"DATABASE_DSN","value":"u:«hunter2»@tcp(db:3306)/x"}`,
	"opaque DSN":          `{"name":"DATABASE_DSN","value":"«whatever it is»"}`,
	"last applied":        `{"kubectl.kubernetes.io/last-applied-configuration":"{\"env\":[{\"name\":\"DB_PASSWORD\",\"value\":\"«hunter2»\"}]}\n"}`,
	"ConfigMap":           `{"kind":"ConfigMap","data":{"app.properties":"user=x\ndb.password=«hunter2»\nheap=512m\n","app.yaml":"db:\n  password: «hunter2»\n  user: x\n"}}`,
	"block":               `{"data":{"a.yaml":"password: |\n  «hunter»\n  «two»\nuser: x\n"}}`,
	"ConfigMap of JSON":   `{"data":{"c.json":"{\"a\":{\"apiKey\":\"«abc»\"},\"n\":[1, 2]}"}}`,
	"binary":              `{"binaryData":{"keystore.jks":"«/u3+7QAAAAIAAAAB»"}}`,
	"Secret":              `{"apiVersion":"v1","data":{"user":"«eA==»"},"kind":"Secret","metadata":{"name":"db"}}`,
	"Secret in a list":    `{"items":[{"stringData":{"a":"«b»"},"kind":"Secret"},{"data":{"a":"b"},"kind":"ConfigMap"}]}`,
	"managed fields":      `{"managedFields":[{"fieldsV1":{"f:env":{"k:{\"name\":\"DB_PASSWORD\"}":{".":{},"f:name":{},"f:value":{}}},"f:password":{}},"manager":"kubectl"}]}`,
	"docker config":       `{"auths":{"registry":{"auth":"«dXNlcjpodW50ZXIy»","email":"x"}}}`,
	"headers":             `{"headers":{"Authorization":["«Bearer abc»"],"Accept":["*/*"],"Cookie":"«a=b»"}}`,
	"attributes":          `{"attributes":[{"key":"db.password","value":{"stringValue":"«hunter2»"}}]}`,
	"selector":            `{"tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}],"topologyKey":"zone"}`,
	"volumes":             `{"volumes":[{"name":"kube-api-access","projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},{"secret":{"name":"x","items":[{"key":"password","path":"p"}]}}]}},{"name":"s","secret":{"defaultMode":420,"secretName":"db-credentials"}}],"imagePullSecrets":[{"name":"regcred"}],"automountServiceAccountToken":true}`,
	"status":              `{"containerID":"containerd://f2ecf7c9c510aa0a5e0d7d014b91af1fcf9726e9757a808a60329c22f2ecf7c9","imageID":"x@sha256:f2ecf7c9c510aa0a5e0d7d014b91af1fcf9726e9757a808a60329c22f2ecf7c9","uid":"6b5f1b1e-7e0c-4c43-9d8f-2f3b7f6c0f51","memory":"512Mi"}`,
	"message":             `{"message":"Error: password=«hunter2» rejected\nbye"}`,
	"metric":              `{"metric":{"namespace":"shop","token":"«abcdef»","url":"http://u:«hunter2»@x/"},"values":[[1774549066.5,"123456789"],[1774549096,"0"]]}`,
	"escapes stay":        `{"a":"\u00e9<>&\/","b":"x\ty"}`,
	"name that is one":    `{"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln":1}`,
	"text":                `"password=«hunter2»"`,
	"list of secrets":     `{"passwords":["«a»","«b»"],"secrets":[{"name":"x"}]}`,
	"private key":         `{"key.pem":"«-----BEGIN PRIVATE KEY-----»\n«MIIEabcdefgh»\n«-----END PRIVATE KEY-----»\n"}`,
	"booleans and nulls":  `{"password":null,"secret":true,"token":""}`,
	"a number as a PIN":   `{}`,
	"kubeconfig":          `{"users":[{"name":"a","user":{"client-key-data":"«LS0tLS1CRUdJTg==»","client-certificate-data":"LS0tLS1CRUdJTiBD","token":"«abc»"}}]}`,
	"terraform":           `{"resources":[{"instances":[{"attributes":{"master_password":"«hunter2»","port":5432}}]}]}`,
	"several in one list": `["a","--api-key=«abc»",["--secret","«x y»"],{"password":"«z»"}]`,
}

func TestJSON(t *testing.T) {
	for name, form := range jsonCases {
		doc, kept, secrets := parts(form)
		want := strings.Join(kept, Masked)
		switch name {
		case "a number as a PIN":
			doc, want = `{"password": 123456}`, `{"password": "[redacted]"}`
		case "name that is one":
			want = `{"[redacted]":1}`
		}
		got, err := JSON([]byte(doc))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !json.Valid(got) {
			t.Errorf("%s: no valid JSON any more: %s", name, got)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s (want -, got +):\n%s", name, diff)
		}
		for _, s := range secrets {
			if len(s) > 3 && strings.Contains(string(got), s) {
				t.Errorf("%s: %q leaked: %s", name, s, got)
			}
		}
		if twice, err := JSON(got); err != nil || string(twice) != string(got) {
			t.Errorf("%s: a second time it became %s, %v", name, twice, err)
		}
	}
}

func TestJSONRefusesWhatIsNone(t *testing.T) {
	for _, doc := range []string{"", "{", `{"a":1} {"b":2}`, "password=hunter2", `{"a":"` + "\n" + `"}`} {
		if got, err := JSON([]byte(doc)); err == nil || got != nil {
			t.Errorf("%q: got %q, %v", doc, got, err)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error holds the secret: %v", err)
		}
	}
	deep := strings.Repeat("[", maxDepth+2) + strings.Repeat("]", maxDepth+2)
	if _, err := JSON([]byte(deep)); err == nil {
		t.Error("no bound on the depth")
	}
}

func TestJSONWithoutSecretsIsTheSame(t *testing.T) {
	data := []byte(`{"a": [1, 2.50, "x"], "b": {"c": null}}`)
	got, err := JSON(data)
	if err != nil || &got[0] != &data[0] {
		t.Errorf("got %s, %v", got, err)
	}
}

func FuzzJSON(f *testing.F) {
	for _, form := range jsonCases {
		doc, _, _ := parts(form)
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		once, err := JSON([]byte(doc))
		if err != nil {
			return
		}
		if !json.Valid(once) {
			t.Fatalf("%q became no valid JSON: %q", doc, once)
		}
		twice, err := JSON(once)
		if err != nil || string(twice) != string(once) {
			t.Errorf("%q\nonce  %q\ntwice %q, %v", doc, once, twice, err)
		}
	})
}
