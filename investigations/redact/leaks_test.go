package redact

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// leaks are texts of which what stands between « and » is a secret. They are put together so that no scanner
// of this repository takes them for real ones.
var leaks = []string{
	// By name.
	"connect password=«hunter2» host=db",
	"DB_PASSWORD: «hunter2»",
	"PGPASSWORD=«hunter2» psql -h db",
	"MYSQL_PWD=«hunter2»",
	"export API_KEY='«abc def»'",
	`password = "«hunter2»"`,
	"password:\t«hunter2»",
	"password\t=\t«hunter2»",
	"password=«hunter2»\r",
	"password = «hunter,2;x»",
	"password => '«hunter2»',",
	`config["db_password"] = "«hunter2»"`,
	`config[:password] = "«hunter2»"`,
	"<password>«hunter2»</password>",
	"<Password>«hunter2»</Password><User>x</User>",
	"--db-password «hunter2» --verbose",
	"--db-password=«hunter2»",
	"-password «hunter2»",
	"run app --token «abcdef0123» now",
	"redis-server --requirepass «hunter2»",
	"redis-cli -a «hunter2» ping",
	"spring.datasource.password=«hunter2»",
	"X-Api-Key: «0a1b2c3d»",
	"x-auth-token: «0a1b2c3d»",
	"api key: «0a1b2c3d»",
	"Secret access key: «wJalrXUtnFEMI»",
	"aws_secret_access_key = «wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»",
	"password is «hunter2»",
	"the password was «hunter2», sorry",
	"passwd: '«it''s»'",
	"password=«[redacted]tail»",
	"PASSWORD=«654321»",
	"pin_code password: «9876»",
	"CARD_PIN=«9876»",
	"STRIPE_KEY=«abcdef»",
	"clientSecret=«abcdef»",
	"privateKey: «abcdef»",
	"jdbc:postgresql://db/shop?user=app&password=«hunter2»&ssl=true",
	"AccountName=x;AccountKey=«abc/def+==»;EndpointSuffix=core.windows.net",
	"Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey=«abc=»",
	"Server=db;User Id=sa;Password=«hun;ter2»;Encrypt=true",
	"password=«SecretStr('hunter2'»)",
	"tokens=[\"«abcdef»\", \"«ghijkl»\"]",
	"//registry.example.com/:_authToken=«abcdef»",
	"//registry.example.com/:_auth=«dXNlcjpodW50ZXIy»",
	`"auths":{"x":{"auth":"«dXNlcjpodW50ZXIy»"}}`,
	"machine example.com login me password «hunter2»",
	"db.example.com:5432:shop:app:«hunter2»",
	"*:*:*:app:«hunter2»",
	"  client-key-data: «LS0tLS1CRUdJTg==»",
	"token: «abcdef.0123456789abcdef»",
	"login failed for user root with password \"«hunter2»\"",
	"JWT_SECRET=«abc» NODE_ENV=production",
	"password=«p@ss&word»",
	"msg=\"login\" password=\"«hun ter2»\" user=x",
	`{"msg":"x","password":"«hun\"ter2»","n":1}`,
	`{"log":"{\"token\":\"«abc»\"}"}`,
	`{"log":"{\"log\":\"{\\\"token\\\":\\\"«abc»\\\"}\"}"}`,
	`body: {\"password\":\"«hun,ter2»\",\"user\":\"x\"}`,
	"{'password': '«hunter2»', 'user': 'x'}",
	"map[password:«hunter2» user:x]",
	"&{User:x Password:«hunter2» Host:db}",
	"Config{user=x, password=«hunter2», host=db}",
	"PHPSESSID=«abcdef0123»; path=/",
	"session_id=«abcdef0123x»",
	"SLACK_WEBHOOK_URL=«https://example.com/hook/1»",
	// Headers.
	"Authorization: Bearer «abc.def.ghi»",
	"authorization=«abcdef»",
	`"authorization": "Basic «dXNlcjpwYXNz»"`,
	"curl -H 'Authorization: Bearer «abcdef»' https://example.com",
	`curl -H "Authorization: token «abcdef»" https://example.com`,
	"Authorization: AWS4-HMAC-SHA256 «Credential=x/y, SignedHeaders=host, Signature=abc»",
	`Authorization: Digest «username="x", response="abc"»`,
	"Proxy-Authorization: Basic «dXNlcjpwYXNz»",
	"sent Bearer «abcdefghijklmnop»",
	"Cookie: «session=abc; theme=dark»",
	"Set-Cookie: «sid=abc; HttpOnly»",
	"curl -b x -H 'Cookie: «a=b; c=d»' https://example.com",
	// Commands.
	"curl -u user:«hunter2» https://example.com",
	"curl --user 'user:«hunter2»' https://example.com",
	"mysql -uroot -p'«hunter2»' shop",
	"mysqldump -u root -p«hunter2» shop",
	`sh -c "mysql -uroot -p«hunter2»"`,
	"sshpass -p «hunter2» ssh x",
	"docker login -u me -p «hunter2» registry",
	// Addresses.
	"postgres://app:«s3cret»@db:5432/shop",
	"redis://:«s3cret»@cache:6379",
	"amqp://guest:«p/w#d»@mq:5672/",
	"mongodb+srv://u:«p@ss»@cluster0.example.net/test",
	"https://«ghtoken0123456789abc»@github.com/x/y.git",
	"app:«hunter2»@tcp(db:3306)/shop",
	"GET /x?token=«abcdef0»&n=1",
	"GET /x?n=1&access_token=«abcdef0» 200",
	"https://x.blob.core.windows.net/c?sv=2020&sig=«abc%2Fdef%3D»&se=2026",
	"https://b.s3.amazonaws.com/k?X-Amz-Credential=«abc%2F2026»&X-Amz-Signature=«0123abcd»",
	"https://maps.example.com/js?key=«abcdef0123»",
	"https://hooks.slack.com/services/«T00000000/B00000000/abcdefghijkl»",
	"https://discord.com/api/webhooks/«123456789/abcdefghijkl»",
	"https://api.telegram.org/bot«123456:AAabcdefghijkl/sendMessage»",
	// By shape.
	"jwt «eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl»",
	"key «AKIA" + "IOSFODNN7EXAMPLE» used",
	"got «ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789»",
	"got «github_pat_" + "11ABCDEFG0abcdefghijkl_mnopqrstuv»",
	"got «glpat-" + "abcdefghij0123456789»",
	"got «xoxb-" + "123456789012-abcdefghijkl»",
	"got «sk_live_" + "abcdefghijkl0123»",
	"got «sk-proj-" + "Abcdefghijkl0123456789»",
	"got «sk-ant-api03-" + "Abcdefghijkl0123456789»",
	"got «npm_" + "abcdefghijklmnopqrstuvwxyz0123456789»",
	"got «pypi-" + "AgEIcHlwaS5vcmcCJGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3»",
	"got «dckr_pat_" + "abcdefghijklmnopqrstuvwxy»",
	"got «hvs." + "CAESIabcdefghijklmnopqrstuvwxyz»",
	"got «glsa_" + "abcdefghijklmnopqrstuvwxyz012345_01234567»",
	"got «SG." + "abcdefghijklmnopqrstuv.ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefg».",
	"got «AIza" + "SyAbcdefghijklmnopqrstuvwxyz0123456»",
	"got «ya29." + "a0AfH6SMBabcdefghijklmnop»",
	"got «AGE-SECRET-KEY-1" + "QQQQQQQQQQQQQQQQQQQQQQQQQQQQ»",
	"hash «$2b$" + "12$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ01234»",
	// Cut.
	"got «ghp_" + "abcdefghijkl»…",
	"got «glpat-" + "abcdefgh»... (truncated)",
	"got «npm_" + "Abcdefgh1234»",
	"postgres://app:«s3cretword»…",
	// Hidden.
	"pass\x1b[31mword=«hunter2»\x1b[0m",
	"password=\x1b[31m«hunter2»\x1b[0m",
	"\x1b[1mpassword\x1b[0m: «hunter2»",
	"\x1b[36mpassword=\x1b[0m«hunter2» host=x",
	`{"\u0070assword":"«hunter2»"}`,
	`{"log":"\\u0070assword=«hunter2»"}`,
	`{"log":"\u001b[31mpassword\u001b[0m=«hunter2»"}`,
	"GET /?%70assword=«hunter2»&x=1",
	"body=user%3Dx%26password%3D«hunter2»%26n%3D1",
	"%7B%22password%22%3A%22«hunter2»%22%7D",
	"pass\u200bword=«hunter2»",
	"pass\x00word=«hunter2»",
	`first\npassword=«hunter2»\nlast`,
	`token\n«eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl»`,
	`{"key":"«-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----»\n"}`,
	`{"key":"«-----BEGIN PRIVATE KEY-----\nMIIEabc»"}`,
	"«MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj»",
	"2026-03-26T18:17:46.123456789Z «MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj»",
}

// parts returns a leak as text, and what must and what must not survive.
func parts(leak string) (text string, kept, secrets []string) {
	text = strings.NewReplacer("«", "", "»", "").Replace(leak)
	for rest := leak; ; {
		before, after, ok := strings.Cut(rest, "«")
		kept = append(kept, before)
		if !ok {
			return text, kept, secrets
		}
		secret, after, _ := strings.Cut(after, "»")
		secrets = append(secrets, secret)
		rest = after
	}
}

func TestLeaks(t *testing.T) {
	for _, leak := range leaks {
		text, kept, secrets := parts(leak)
		want := strings.Join(kept, Masked)
		got := Text(text)
		for _, s := range secrets {
			if strings.Contains(got, s) {
				t.Errorf("leaked: %q\n    got: %q", text, got)
			}
		}
		if plainly := decode(got).text; got != want && plainly != decode(want).text {
			t.Errorf("%q\n got %q\nwant %q", text, got, want)
		}
		if twice := Text(got); twice != got {
			t.Errorf("masked twice:\n%q\n%q", got, twice)
		}
		log := "2026-03-26T18:17:46.123456789Z before\n2026-03-26T18:17:46.123456789Z " + strings.TrimPrefix(text, "2026-03-26T18:17:46.123456789Z ") + "\n2026-03-26T18:17:46.123456789Z after\n"
		masked := string(Log([]byte(log)))
		if strings.Count(masked, "\n") != 3 || strings.Count(masked, "2026-03-26T18:17:46.123456789Z ") != 3 || !strings.HasSuffix(masked, " after\n") {
			t.Errorf("log of %q became %q", text, masked)
		}
		for _, s := range secrets {
			if strings.Contains(masked, s) {
				t.Errorf("leaked in a log: %q", masked)
			}
		}
	}
}

// harmless is what must stay as it is: what a diagnosis needs, and what only looks like a secret.
var harmless = []string{
	"", "Container api of pod api-5r5j4l5xj-lxpmf ended at 2026-03-26 18:17:46Z with exit code 137 (OOMKilled).",
	"kubectl rollout undo -n shop deployment/api --to-revision=21",
	"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podf2ecf7c9_c510_aa0a_5e0d_7d014b91af1f.slice/cri-containerd-f2ecf7c9c510aa0a5e0d7d014b91af1fcf9726e9757a808a60329c22f2ecf7c9.scope",
	"f2ecf7c9c510aa0a5e0d7d014b91af1fcf9726e9757a808a60329c22f2ecf7c9",
	"f2ecf7c9c510aa0a5e0d7d014b91af1fcf9726e9757a808a60329c22f2ecf7c9 is a container",
	"containerd://f2ecf7c9c510aa0a5e0d7d014b91af1fcf9726e9757a808a60329c22f2ecf7c9",
	"registry.example.com:5000/shop/api@sha256:f2ecf7c9c510aa0a5e0d7d014b91af1fcf9726e9757a808a60329c22f2ecf7c9",
	"docker-pullable://registry.example.com/shop/api@sha256:f2ecf7c9c510aa0a5e0d7d014b91af1fcf9726e9757a808a60329c22f2ecf7c9",
	"checksum/secret: f2ecf7c9c510aa0a5e0d7d014b91af1fcf9726e9757a808a60329c22f2ecf7c9",
	"secret-hash: 8f7d9c5b6f",
	"pod-template-hash=7c9d8f6b5",
	"uid 6b5f1b1e-7e0c-4c43-9d8f-2f3b7f6c0f51",
	"JAVA_TOOL_OPTIONS=-Xmx512m -XX:MaxRAMPercentage=75 -Dfile.encoding=UTF-8",
	"NODE_OPTIONS=--max-old-space-size=768", "GOMEMLIMIT=900MiB", "GOGC=50",
	"TOKENIZERS_PARALLELISM=false", "MAX_TOKENS=4096", "max_tokens: 4096", "tokens=512", "KEY_COUNT=12", "PASSWORD_MIN_LENGTH=12",
	"SESSION_TIMEOUT=30m", "tokenExpirationSeconds: 3607", "secretName: db-credentials", "keyspace=orders", "key=node.kubernetes.io/not-ready",
	"topologyKey: kubernetes.io/hostname", "passwordFile: /etc/app/password", "TOKEN_PATH=/var/run/secrets/tokens/x",
	"token=/var/run/secrets/kubernetes.io/serviceaccount/token", "password=$(DB_PASSWORD)", "password=${DB_PASSWORD}", "password: {{ .Values.password }}",
	"password=", "password: true", "PASSWORD=***", "use_password=false", "monkey: see, keyboard: us", "passed: 12, failed: 3",
	"request took 12 ms, GET /tokens 200", "http://example.com:8080/a@b", "https://example.com/reset-password/done",
	`MountVolume.SetUp failed for volume "db" : secret "db-credentials" not found`,
	"token: expired", "invalid token: not found", "unexpected token < in JSON at position 0", "SyntaxError: Unexpected token }",
	`sum by (pod) (rate(container_cpu_usage_seconds_total{namespace="shop",pod=~"api-.*"}[5m]))`,
	`sum by (namespace, pod, container) (container_memory_working_set_bytes{container!="",image!=""})`,
	"\tat org.springframework.security.authentication.UsernamePasswordAuthenticationFilter.doFilter(UsernamePasswordAuthenticationFilter.java:100)",
	"\tat com.example.TokenStore.put(TokenStore.java:42) ~[app.jar!/:1.5.0]",
	"goroutine 1 [running]: main.(*TokenCache).Put(0xc000010000, {0x1, 0x2})",
	"Mar 26 18:17:46 n1 kernel: [123.45] java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=936",
	"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=cri-x,mems_allowed=0,oom_memcg=/kubepods.slice,task=java,pid=4711,uid=0",
	"0::/kubepods.slice/kubepods-burstable.slice", "12:memory:/kubepods/burstable/pod1", "12:34:56:78:9a:bc",
	"2026-03-26 18:17:46.123:INFO:oejs.Server:main", "task-0123456789abcdefgh", "pods sk-worker-0123456789-abcdefgh",
	"postgres://db:5432/shop", "amqp://user@mq:5672", "https://user@example.com/x", "the secret is safe", "password is required",
	"basic authentication-required", "bearer authentication is off", strings.Repeat("word ", 200), "--password-file /etc/x", "tokenizer: bpe",
	"docker run -u 1000:1000 image", "curl -u user https://example.com", "mysql --port 3306 -h db",
	"/var/lib/kubelet/pods/6b5f1b1e7e0c4c439d8f2f3b7f6c0f51/volumes/kubernetes/projected/tokenA1", "com/example/Very/Long/Path/With/Capitals/And/Digits2/In/It/Down/To/The/Class",
	"routing_key: orders.created", "routing_key=0123", `unknown PSK identity: "x"`, "pskModes: 2", "http://localhost:8080?listed=a1b2c3", "http://web:http2", "docker://sha256:0a1b2c3d4e",
	`{"kty":"RSA","n":"abcdefghijklmnopqrstuvwxyz","e":"AQAB"}`, "hf_embedding2", "npm_lifecycle_event", "sk-worker…", "the key is cut…", "raw: 1", "requirepass",
	"auth: basic", "auth=enabled", "authored by: someone", "author: Jane Doe", "key: value", "primary key: id", "passing: 3",
	"compass: north", "tls.crt: x", "pull secret: none", "etcd --auth-token=", "cookies: 3", "kubernetes.io/service-account-token",
}

func TestHarmlessTextStays(t *testing.T) {
	for _, s := range harmless {
		if got := Text(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
	all := strings.Join(harmless, "\n") + "\n"
	data := []byte(all)
	if got := Log(data); string(got) != all {
		t.Errorf("together they became\n%s", cmp.Diff(all, string(got)))
	} else if &got[0] != &data[0] {
		t.Error("a log without a secret was copied")
	}
}
