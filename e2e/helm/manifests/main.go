// Command manifests writes what in deploy/ is made from other files there: the plain manifests, which are the Helm chart with
// its own values, and the chart's copies of the rules and the dashboard, since a chart holds only files of its own folder.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/oombot/oombot/e2e/helm"
)

// copies are the files that the chart has copies of.
var copies = []string{"alerts/oombot-rules.yaml", "alerts/oom-rules.yaml", "dashboards/oombot.json"}

// head goes before the objects of the chart. The namespace is not the chart's: Helm makes it, or the person who installs.
const head = `# The chart deploy/helm/oombot with its own values, for those who don't use Helm; made by "make manifests", for Kubernetes 1.31
# and newer. Change the image and the ConfigMap, make the Secret, and apply it:
#   kubectl create namespace oombot
#   kubectl -n oombot create secret generic oombot --from-literal=slack-bot-token=xoxb-… --from-literal=slack-app-token=xapp-… --from-literal=alertmanager-token=…
#   kubectl apply -f deploy/manifests/oombot.yaml
apiVersion: v1
kind: Namespace
metadata:
  name: oombot
  labels:
    # For the agent: folders of the node, root, the host's processes. The bot keeps to "restricted".
    pod-security.kubernetes.io/enforce: privileged
    pod-security.kubernetes.io/warn: privileged
`

func main() {
	deploy := flag.String("deploy", "deploy", "the `FOLDER` of what is deployed")
	flag.Parse()
	if err := write(*deploy); err != nil {
		fmt.Fprintln(os.Stderr, "manifests:", err)
		os.Exit(1)
	}
}

// write makes the files below deploy anew.
func write(deploy string) error {
	chart := filepath.Join(deploy, "helm", "oombot")
	var errs []error
	for _, name := range copies {
		data, err := os.ReadFile(filepath.Join(deploy, name))
		if err != nil {
			return fmt.Errorf("copy into the chart: %w", err)
		}
		errs = append(errs, os.WriteFile(filepath.Join(chart, "files", filepath.Base(name)), data, 0o644))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("copy into the chart: %w", err)
	}
	text, err := manifests(chart)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(deploy, "manifests", "oombot.yaml"), []byte(text), 0o644); err != nil {
		return fmt.Errorf("write the manifests: %w", err)
	}
	return nil
}

// manifests renders the chart with its own values, after the namespace.
func manifests(chart string) (string, error) {
	rendered, err := helm.Render(chart, helm.Options{Service: "kubectl"})
	if err != nil {
		return "", err
	}
	return head + "---\n" + strings.Join(rendered.Documents(), "---\n"), nil
}
