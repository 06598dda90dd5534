package redact

import "strings"

// charset is what a token is made of.
type charset uint8

const (
	alnum   charset = iota // A-Z a-z 0-9
	wordish                // and _ -
	dotted                 // and .
	base64s                // A-Z a-z 0-9 + / = _ -
	hexes                  // 0-9 a-f
	upper                  // A-Z 0-9
	hashes                 // what hashes of passwords are made of
	tilde                  // A-Z a-z 0-9 _ - . ~
)

func (c charset) holds(b byte) bool {
	letter, digit := b|0x20 >= 'a' && b|0x20 <= 'z', b >= '0' && b <= '9'
	switch c {
	case alnum:
		return letter || digit
	case wordish:
		return letter || digit || b == '_' || b == '-'
	case dotted:
		return letter || digit || b == '_' || b == '-' || b == '.'
	case base64s:
		return letter || digit || b == '+' || b == '/' || b == '=' || b == '_' || b == '-'
	case hexes:
		return digit || b >= 'a' && b <= 'f'
	case upper:
		return digit || b >= 'A' && b <= 'Z'
	case tilde:
		return letter || digit || strings.IndexByte("_-.~", b) >= 0
	case hashes:
		return letter || digit || strings.IndexByte("./$+=,-", b) >= 0
	}
	return false
}

// token is the form of an issuer's tokens: a prefix, and at least min characters of a set.
type token struct {
	prefix string
	of     charset
	min    int
	// check refuses what only looks like one; nil accepts all.
	check func(body string) bool
	// before is how many letters and digits of the token stand before the prefix, which is then no beginning.
	before int
}

// tokens are the forms that issuers have published. Prefixes are compared with their case.
var tokens = []token{
	// Clouds.
	{"AKIA", upper, 12, nil, 0},
	{"ASIA", upper, 12, nil, 0},
	{"ABIA", upper, 12, nil, 0},
	{"ACCA", upper, 12, nil, 0},
	{"ABSK", base64s, 60, nil, 0},
	{"LTAI", alnum, 12, mixed, 0},
	{"8Q~", tilde, 30, nil, 3},
	{"AIza", wordish, 30, nil, 0},
	{"GOCSPX-", wordish, 20, nil, 0},
	{"ya29.", dotted, 20, nil, 0},
	{"1//0", wordish, 30, nil, 0},
	{"dop_v1_", hexes, 32, nil, 0},
	{"doo_v1_", hexes, 32, nil, 0},
	{"dor_v1_", hexes, 32, nil, 0},
	{"dapi", hexes, 32, nil, 0},
	{"pscale_tkn_", dotted, 20, nil, 0},
	{"pscale_pw_", dotted, 20, nil, 0},
	{"pscale_oauth_", dotted, 20, nil, 0},
	{"sbp_", hexes, 30, nil, 0},
	{"sb_secret_", wordish, 20, nil, 0},
	{"HRKU-", wordish, 30, nil, 0},
	{"nfp_", alnum, 30, nil, 0},
	{"rnd_", alnum, 20, nil, 0},
	{"fo1_", wordish, 30, nil, 0},
	{"tskey-", wordish, 16, nil, 0},
	{"pul-", hexes, 30, nil, 0},
	// Code and packages.
	{"ghp_", alnum, 20, nil, 0},
	{"gho_", alnum, 20, nil, 0},
	{"ghu_", alnum, 20, nil, 0},
	{"ghs_", wordish, 20, nil, 0},
	{"ghr_", alnum, 20, nil, 0},
	{"github_pat_", wordish, 20, nil, 0},
	{"glpat-", dotted, 16, nil, 0},
	{"gloas-", dotted, 16, nil, 0},
	{"gldt-", dotted, 16, nil, 0},
	{"glrt-", dotted, 16, nil, 0},
	{"glrtr-", dotted, 16, nil, 0},
	{"glcbt-", dotted, 16, nil, 0},
	{"glptt-", dotted, 16, nil, 0},
	{"glft-", dotted, 16, nil, 0},
	{"glimt-", dotted, 16, nil, 0},
	{"glagent-", dotted, 16, nil, 0},
	{"glsoat-", dotted, 16, nil, 0},
	{"glffct-", dotted, 16, nil, 0},
	{"GR1348941", wordish, 16, nil, 0},
	{"ATATT3x", base64s, 30, nil, 0},
	{"ATCTT3x", base64s, 30, nil, 0},
	{"ATBB", alnum, 24, mixed, 0},
	{"npm_", alnum, 30, nil, 0},
	{"pypi-", wordish, 40, nil, 0},
	{"dckr_pat_", wordish, 20, nil, 0},
	{"dckr_oat_", wordish, 20, nil, 0},
	{"rubygems_", hexes, 32, nil, 0},
	{"oy2", alnum, 43, mixed, 0},
	{"AKCp", alnum, 60, nil, 0},
	{".atlasv1.", wordish, 40, nil, 14},
	{"cmVmdGtu", alnum, 50, nil, 0},
	{"sqp_", hexes, 32, nil, 0},
	{"squ_", hexes, 32, nil, 0},
	{"sqa_", hexes, 32, nil, 0},
	{"bkua_", alnum, 32, nil, 0},
	{"CCIPAT_", wordish, 20, nil, 0},
	{"PMAK-", wordish, 32, nil, 0},
	// Chat, mail, phone.
	{"xoxa-", wordish, 8, nil, 0},
	{"xoxb-", wordish, 8, nil, 0},
	{"xoxc-", wordish, 8, nil, 0},
	{"xoxd-", base64s, 8, nil, 0},
	{"xoxe-", wordish, 8, nil, 0},
	{"xoxe.", dotted, 8, nil, 0},
	{"xoxo-", wordish, 8, nil, 0},
	{"xoxp-", wordish, 8, nil, 0},
	{"xoxr-", wordish, 8, nil, 0},
	{"xoxs-", wordish, 8, nil, 0},
	{"xapp-", wordish, 8, nil, 0},
	{"xwfp-", wordish, 8, nil, 0},
	{"SG.", dotted, 40, mixed, 0},
	{"key-", hexes, 32, nil, 0},
	{"SK", hexes, 32, nil, 0},
	// Payment and shops.
	{"sk_live_", alnum, 10, nil, 0},
	{"sk_test_", alnum, 10, nil, 0},
	{"rk_live_", alnum, 10, nil, 0},
	{"rk_test_", alnum, 10, nil, 0},
	{"whsec_", base64s, 16, nil, 0},
	{"shpat_", hexes, 32, nil, 0},
	{"shpca_", hexes, 32, nil, 0},
	{"shppa_", hexes, 32, nil, 0},
	{"shpss_", hexes, 32, nil, 0},
	{"sq0atp-", wordish, 20, nil, 0},
	{"sq0csp-", wordish, 30, nil, 0},
	// Models.
	{"sk-", wordish, 16, modelKey, 0},
	{"hf_", alnum, 30, nil, 0},
	{"r8_", alnum, 30, nil, 0},
	{"gsk_", alnum, 30, nil, 0},
	{"xai-", alnum, 40, nil, 0},
	{"pplx-", alnum, 32, nil, 0},
	// Secrets, dashboards, alerts.
	{"hvs.", wordish, 20, nil, 0},
	{"hvb.", wordish, 20, nil, 0},
	{"hvr.", wordish, 20, nil, 0},
	{"dp.pt.", alnum, 30, nil, 0},
	{"dp.st.", dotted, 30, nil, 0},
	{"ops_eyJ", base64s, 50, nil, 0},
	{"glsa_", wordish, 30, nil, 0},
	{"glc_", base64s, 32, nil, 0},
	{"NRAK-", alnum, 20, nil, 0},
	{"NRII-", wordish, 20, nil, 0},
	{"NRRA-", hexes, 30, nil, 0},
	{"dt0c01.", dotted, 60, nil, 0},
	{"dt0s01.", dotted, 60, nil, 0},
	{"sntrys_", base64s, 40, nil, 0},
	{"sntryu_", hexes, 40, nil, 0},
	{"hcaik_", alnum, 30, nil, 0},
	{"hcxik_", alnum, 30, nil, 0},
	{"lin_api_", alnum, 30, nil, 0},
	{"ntn_", alnum, 30, nil, 0},
	{"figd_", wordish, 30, nil, 0},
	// Keys and signed tokens.
	{"AGE-SECRET-KEY-1", upper, 20, nil, 0},
	{"AGE-PLUGIN-", wordish, 40, nil, 0},
	{"eyJ", dotted, 20, signed, 0},
	{"eyJrIjoi", base64s, 40, nil, 0},
	// Hashes of passwords.
	{"$2a$", hashes, 40, nil, 0},
	{"$2b$", hashes, 40, nil, 0},
	{"$2y$", hashes, 40, nil, 0},
	{"$5$", hashes, 40, nil, 0},
	{"$6$", hashes, 60, nil, 0},
	{"$apr1$", hashes, 20, nil, 0},
	{"$argon2", hashes, 40, nil, 0},
}

// mixed holds of what has letters of both cases and digits, as random text has.
func mixed(s string) bool {
	var lower, upper, digit bool
	for i := range len(s) {
		b := s[i]
		lower = lower || b >= 'a' && b <= 'z'
		upper = upper || b >= 'A' && b <= 'Z'
		digit = digit || b >= '0' && b <= '9'
	}
	return upper && digit && lower
}

// modelKey tells the keys that begin with sk- from names that do: those have no capitals, and some keys are
// long hexadecimal numbers.
func modelKey(body string) bool {
	return mixed(body) || len(body) >= 40 && strings.ContainsAny(body, "0123456789")
}

// signed holds of what follows the first letters of a JSON web token: at least two parts.
func signed(body string) bool {
	head, rest, ok := strings.Cut(body, ".")
	return ok && len(head) >= 8 && len(rest) >= 4
}

// issued returns where the token ends that begins with t's prefix at start, or -1.
func (f *finder) issued(t *token, start int) int {
	s := f.s
	end := start + len(t.prefix)
	from := start - t.before
	if end > len(s) || s[start:end] != t.prefix || from < 0 || joins(s, from) || strings.ContainsFunc(s[from:start], notAlnum) {
		return -1
	}
	body := end
	for end < len(s) && t.of.holds(s[end]) {
		end++
	}
	f.spend(end - body)
	for end > body && s[end-1] == '.' { // the end of a sentence
		end--
	}
	least := t.min
	if end-body < least {
		least = t.cutLength(s[end:], s[body:end])
	}
	if end-body < least || t.check != nil && !t.check(s[body:end]) {
		return -1
	}
	return end
}

func notAlnum(r rune) bool { return r > 0x7e || !alnum.holds(byte(r)) }

// cutLength returns how long the body of a token has to be at least where the text may have been cut in its middle: what
// is cut goes no further than an ellipsis or the end of the line. Without a sign it has to look like random text.
func (t *token) cutLength(after, body string) int {
	switch {
	case cutSign(after):
		return min(t.min, max(4, 12-len(t.prefix)))
	case after != "" && after != `"` && after != "\r":
		return t.min
	case t.of == hexes || t.of == upper:
		if strings.ContainsAny(body, "0123456789") && strings.Trim(body, "0123456789") != "" {
			return min(t.min, 10)
		}
	case mixed(body), len(t.prefix) >= 5 && strings.ContainsAny(body, "0123456789") && strings.ToLower(body) != body:
		return min(t.min, max(8, 12-len(t.prefix)))
	}
	return t.min
}

// cutSign tells whether s begins with what shows that a text was cut there.
func cutSign(s string) bool {
	if s == "" || s[0] != '.' && s[0] != '\\' && s[0] != "…"[0] {
		return false
	}
	return strings.HasPrefix(s, "…") || strings.HasPrefix(s, "...") || strings.HasPrefix(s, `\u2026`)
}

// uncut returns s up to where it shows that it was cut.
func uncut(s string) (string, bool) {
	for _, sign := range [...]string{"…", "...", `\u2026`} {
		if i := strings.Index(s, sign); i >= 0 {
			return s[:i], true
		}
	}
	return s, false
}

// joins tells whether the byte before start belongs to the word that begins there. The letter of an escaped
// control character (\n) does not.
func joins(s string, start int) bool {
	if start == 0 || s[start] == '$' || !alnum.holds(s[start-1]) {
		return false
	}
	return start < 2 || s[start-2] != '\\'
}
