package logs

import "strings"

// keyBlock follows a private key that goes over several lines. Its zero value is outside of one.
type keyBlock struct {
	// left is how many more lines may belong to the key.
	left int
}

const keyLines = 200

// holds tells whether a line is a part of a key.
func (k *keyBlock) holds(line string) bool {
	switch {
	case strings.Contains(line, "PRIVATE KEY-----") && strings.Contains(line, "-----BEGIN"):
		k.left = keyLines
		if strings.Contains(line, "-----END") {
			k.left = 0
		}
		return true
	case k.left > 0 && strings.Contains(line, "-----END"):
		k.left = 0
		return true
	case k.left > 0:
		k.left--
		return true
	}
	return false
}
