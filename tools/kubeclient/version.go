package kubeclient

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/version"

	"github.com/oombot/oombot/investigations"
)

// gitVersion reads an answer of /version.
func gitVersion(body []byte) (string, error) {
	var info version.Info
	if err := json.Unmarshal(body, &info); err != nil || info.GitVersion == "" {
		return "", fmt.Errorf("the answer is no version: %q", investigations.CleanText(string(body), 80))
	}
	return investigations.CleanText(info.GitVersion, 60), nil
}
