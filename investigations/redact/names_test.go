package redact

import (
	"strings"
	"testing"
)

func TestIsSecretName(t *testing.T) {
	for names, want := range map[string]bool{
		`password PASSWORD Password dbPassword DB_PASSWORD db-password db.password spring.datasource.password PASSWORD_1 password2
		 PGPASSWORD MYSQL_PWD DB_PASS userpass requirepass masterauth passphrase apiKey api_key API_KEY X-Api-Key apikey APIKeys
		 AWS_SECRET_ACCESS_KEY aws_session_token private_key privateKey tls.key id_rsa clientSecret client-secret CLIENT_SECRETS
		 GITHUB_TOKEN token tokens accessToken authToken _authToken X-Auth-Token X-Vault-Token csrftoken Authorization Proxy-Authorization
		 Cookie Set-Cookie auth BASIC_AUTH sessionid session_id PHPSESSID JSESSIONID connect.sid credentials AZURE_CREDENTIALS creds
		 STRIPE_KEY GOOGLE_MAPS_KEY storage_account_key SharedAccessKey SIGNING_KEY jwt JWT_SECRET salt PASSWORD_SALT CARD_PIN otp
		 DSN SENTRY_DSN connectionString SLACK_WEBHOOK SLACK_WEBHOOK_URL example.com/api-token PASSWORD_HASH password_hash SECRET_ID
		 HTTPPassword client-key-data kafka.sasl.password`: true,
		`TOKENIZERS_PARALLELISM KEY_COUNT MAX_TOKENS max_tokens num_tokens PASSWORD_MIN_LENGTH SESSION_TIMEOUT secretName secretRef
		 secretKeyRef tokenExpirationSeconds keyspace key keyboard monkey KEY keys topologyKey partition_key CACHE_KEY primaryKey PUBLIC_KEY
		 passwordFile PASSWORD_FILE TOKEN_PATH tokenEndpoint TOKEN_URL checksum/secret checksum/db-password secret-hash secret.reloader.stakater.com/reload
		 PWD OLDPWD PATH HOME bypass compass passing passed author AUTH_ENABLED authMode AUTH_URL cookieDomain COOKIE_SECURE
		 JAVA_TOOL_OPTIONS NODE_OPTIONS GOMEMLIMIT GOGC MALLOC_ARENA_MAX image uid name value imagePullSecretsName password_policy
		 passwordless secretStoreRef kubernetes.io/service-account.name session sessions AWS_ACCESS_KEY_ID certificate ca.crt DEBUG
		 PASSWORD_ROTATION_DAYS TOKEN_TTL token_type secretsManagerEndpoint 1 _ -`: false,
	} {
		for name := range strings.FieldsSeq(names) {
			if got := IsSecretName(name); got != want {
				t.Errorf("%s: %v", name, got)
			}
		}
	}
	if IsSecretName("") || !IsSecretName(strings.Repeat("x", 10000)+"_password") {
		t.Error("the bounds of names")
	}
}

func TestValue(t *testing.T) {
	for _, tt := range []struct{ name, value, want string }{
		{"DB_PASSWORD", "hunter2", Masked},
		{"DB_PASSWORD", "123456", Masked},
		{"DB_PASSWORD", "/etc/passwd", Masked},
		{"DB_PASSWORD", "", ""},
		{"DB_PASSWORD", "true", "true"},
		{"DB_PASSWORD", "$(OTHER)", "$(OTHER)"},
		{"DB_PASSWORD", "${OTHER}", "${OTHER}"},
		{"DB_PASSWORD", "$OTHER", "$OTHER"},
		{"DB_PASSWORD", "$ecret", Masked},
		{"DB_PASSWORD", "${OTHER:-hunter2}", Masked},
		{"DB_PASSWORD", Masked, Masked},
		{"TOKENS", "512", "512"},
		{"TOKEN_LIFETIME", "30m", "30m"},
		{"TOKEN", "30m", "30m"},
		{"TOKEN", "/var/run/secrets/x/token", "/var/run/secrets/x/token"},
		{"TOKEN", "abc", Masked},
		{"AUTH", "basic", "basic"},
		{"auth", "dXNlcjpodW50ZXIy", Masked},
		{"BASIC_AUTH", "me:hunter2", Masked},
		{"AUTH_ADDRESS", "localhost:8080", "localhost:8080"},
		{"DATABASE_URL", "postgres://u:hunter2@db/x", "postgres://u:[redacted]@db/x"},
		{"DSN", "postgres://db/x", "postgres://db/x"},
		{"DSN", "u:hunter2@tcp(db)/x", "u:[redacted]@tcp(db)/x"},
		{"DSN", "something", Masked},
		{"CONFIG", `{"password":"hunter2","n":1}`, `{"password":"[redacted]","n":1}`},
		{"JAVA_TOOL_OPTIONS", "-Xmx512m", "-Xmx512m"},
		{"X", "a\npassword=hunter2\nb", "a\npassword=[redacted]\nb"},
	} {
		got := Value(tt.name, tt.value)
		if got != tt.want {
			t.Errorf("%s=%s: got %s, want %s", tt.name, tt.value, got, tt.want)
		}
		if twice := Value(tt.name, got); twice != got {
			t.Errorf("%s=%s: a second time it became %s", tt.name, got, twice)
		}
	}
}
