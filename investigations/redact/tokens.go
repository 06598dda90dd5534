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
}

// tokens are the forms that issuers have published. Prefixes are compared with their case.
var tokens = []token{
	// Clouds.
	{"AKIA", upper, 12, nil},
	{"ASIA", upper, 12, nil},
	{"ABIA", upper, 12, nil},
	{"ACCA", upper, 12, nil},
	{"ABSK", base64s, 60, nil},
	{"AIza", wordish, 30, nil},
	{"GOCSPX-", wordish, 20, nil},
	{"ya29.", dotted, 20, nil},
	{"1//0", wordish, 30, nil},
	{"dop_v1_", hexes, 32, nil},
	{"doo_v1_", hexes, 32, nil},
	{"dor_v1_", hexes, 32, nil},
	{"dapi", hexes, 32, nil},
	{"pscale_tkn_", dotted, 20, nil},
	{"pscale_pw_", dotted, 20, nil},
	{"pscale_oauth_", dotted, 20, nil},
	{"sbp_", hexes, 30, nil},
	{"sb_secret_", wordish, 20, nil},
	{"HRKU-", wordish, 30, nil},
	{"nfp_", alnum, 30, nil},
	{"rnd_", alnum, 20, nil},
	{"fo1_", wordish, 30, nil},
	{"tskey-", wordish, 16, nil},
	{"pul-", hexes, 30, nil},
	// Code and packages.
	{"ghp_", alnum, 20, nil},
	{"gho_", alnum, 20, nil},
	{"ghu_", alnum, 20, nil},
	{"ghs_", wordish, 20, nil},
	{"ghr_", alnum, 20, nil},
	{"github_pat_", wordish, 20, nil},
	{"glpat-", dotted, 16, nil},
	{"gloas-", dotted, 16, nil},
	{"gldt-", dotted, 16, nil},
	{"glrt-", dotted, 16, nil},
	{"glrtr-", dotted, 16, nil},
	{"glcbt-", dotted, 16, nil},
	{"glptt-", dotted, 16, nil},
	{"glft-", dotted, 16, nil},
	{"glimt-", dotted, 16, nil},
	{"glagent-", dotted, 16, nil},
	{"glsoat-", dotted, 16, nil},
	{"glffct-", dotted, 16, nil},
	{"GR1348941", wordish, 16, nil},
	{"ATATT3x", base64s, 30, nil},
	{"ATCTT3x", base64s, 30, nil},
	{"ATBB", alnum, 24, mixed},
	{"npm_", alnum, 30, nil},
	{"pypi-", wordish, 40, nil},
	{"dckr_pat_", wordish, 20, nil},
	{"dckr_oat_", wordish, 20, nil},
	{"rubygems_", hexes, 32, nil},
	{"oy2", alnum, 43, mixed},
	{"AKCp", alnum, 60, nil},
	{"cmVmdGtu", alnum, 50, nil},
	{"sqp_", hexes, 32, nil},
	{"squ_", hexes, 32, nil},
	{"sqa_", hexes, 32, nil},
	{"bkua_", alnum, 32, nil},
	{"CCIPAT_", wordish, 20, nil},
	{"PMAK-", wordish, 32, nil},
	// Chat, mail, phone.
	{"xoxa-", wordish, 8, nil},
	{"xoxb-", wordish, 8, nil},
	{"xoxc-", wordish, 8, nil},
	{"xoxd-", base64s, 8, nil},
	{"xoxe-", wordish, 8, nil},
	{"xoxe.", dotted, 8, nil},
	{"xoxo-", wordish, 8, nil},
	{"xoxp-", wordish, 8, nil},
	{"xoxr-", wordish, 8, nil},
	{"xoxs-", wordish, 8, nil},
	{"xapp-", wordish, 8, nil},
	{"xwfp-", wordish, 8, nil},
	{"SG.", dotted, 40, mixed},
	{"key-", hexes, 32, nil},
	{"SK", hexes, 32, nil},
	// Payment and shops.
	{"sk_live_", alnum, 10, nil},
	{"sk_test_", alnum, 10, nil},
	{"rk_live_", alnum, 10, nil},
	{"rk_test_", alnum, 10, nil},
	{"whsec_", base64s, 16, nil},
	{"shpat_", hexes, 32, nil},
	{"shpca_", hexes, 32, nil},
	{"shppa_", hexes, 32, nil},
	{"shpss_", hexes, 32, nil},
	{"sq0atp-", wordish, 20, nil},
	{"sq0csp-", wordish, 30, nil},
	// Models.
	{"sk-", wordish, 16, modelKey},
	{"hf_", alnum, 30, nil},
	{"r8_", alnum, 30, nil},
	{"gsk_", alnum, 30, nil},
	{"xai-", alnum, 40, nil},
	{"pplx-", alnum, 32, nil},
	// Secrets, dashboards, alerts.
	{"hvs.", wordish, 20, nil},
	{"hvb.", wordish, 20, nil},
	{"hvr.", wordish, 20, nil},
	{"dp.pt.", alnum, 30, nil},
	{"dp.st.", dotted, 30, nil},
	{"ops_eyJ", base64s, 50, nil},
	{"glsa_", wordish, 30, nil},
	{"glc_", base64s, 32, nil},
	{"NRAK-", alnum, 20, nil},
	{"NRII-", wordish, 20, nil},
	{"NRRA-", hexes, 30, nil},
	{"dt0c01.", dotted, 60, nil},
	{"dt0s01.", dotted, 60, nil},
	{"sntrys_", base64s, 40, nil},
	{"sntryu_", hexes, 40, nil},
	{"hcaik_", alnum, 30, nil},
	{"hcxik_", alnum, 30, nil},
	{"lin_api_", alnum, 30, nil},
	{"ntn_", alnum, 30, nil},
	{"figd_", wordish, 30, nil},
	// Keys and signed tokens.
	{"AGE-SECRET-KEY-1", upper, 20, nil},
	{"AGE-PLUGIN-", wordish, 40, nil},
	{"eyJ", dotted, 20, signed},
	{"eyJrIjoi", base64s, 40, nil},
	// Hashes of passwords.
	{"$2a$", hashes, 40, nil},
	{"$2b$", hashes, 40, nil},
	{"$2y$", hashes, 40, nil},
	{"$5$", hashes, 40, nil},
	{"$6$", hashes, 60, nil},
	{"$apr1$", hashes, 20, nil},
	{"$argon2", hashes, 40, nil},
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
	if end > len(s) || s[start:end] != t.prefix || joins(s, start) {
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
	if end-body < t.min || t.check != nil && !t.check(s[body:end]) {
		return -1
	}
	return end
}

// joins tells whether the byte before start belongs to the word that begins there. The letter of an escaped
// control character (\n) does not.
func joins(s string, start int) bool {
	if start == 0 || s[start] == '$' || !alnum.holds(s[start-1]) {
		return false
	}
	return start < 2 || s[start-2] != '\\'
}
