package helm

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/oombot/oombot/cmd/oombot/config"
	"github.com/oombot/oombot/e2e/oombot"
)

// TestLint lints as `helm lint` does, with every variant. A finding of any kind fails, but that an icon is recommended.
func TestLint(t *testing.T) {
	version, err := common.ParseKubeVersion("v1.36.0")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range variants {
		t.Run(name, func(t *testing.T) {
			result := lint.RunAll(folder, valuesOf(t, text), "oombot", lint.WithKubeVersion(version))
			for _, m := range result.Messages {
				if m.Error() != "[INFO] Chart.yaml: icon is recommended" {
					t.Error(m.Error())
				}
			}
		})
	}
}

// TestObjects holds what must be so in every variant.
func TestObjects(t *testing.T) {
	for name := range variants {
		t.Run(name, func(t *testing.T) {
			objects := render(t, name)
			seen := map[string]bool{}
			for _, o := range objects {
				id := strings.Join([]string{o.GetKind(), o.GetNamespace(), o.GetName()}, "/")
				if seen[id] {
					t.Errorf("%s is there twice", id)
				}
				seen[id] = true
				if l := o.GetLabels(); l["app.kubernetes.io/instance"] != "oombot-"+name || l["app.kubernetes.io/managed-by"] != "Helm" {
					t.Errorf("%s has the labels %v", id, l)
				}
				clustered := strings.HasPrefix(o.GetKind(), "Cluster")
				if in := o.GetNamespace(); clustered != (in == "") || !clustered && in != "ns-"+name && o.GetKind() != "Role" && o.GetKind() != "RoleBinding" {
					t.Errorf("%s is in the namespace %q", id, in)
				}
				if o.GetKind() == "Secret" {
					t.Errorf("%s: the chart makes no Secret", id)
				}
			}
			if len(objects) < 4 {
				t.Errorf("only %d objects", len(objects))
			}
		})
	}
}

// TestFeaturesAreGone looks for objects that must be there with a feature, and not without it.
func TestFeaturesAreGone(t *testing.T) {
	all := map[string][]string{}
	for name := range variants {
		for _, o := range render(t, name) {
			all[name] = append(all[name], o.GetKind()+"/"+strings.TrimPrefix(o.GetName(), "oombot-"+name))
		}
	}
	for object, in := range map[string][]string{
		"ClusterRole/":               {"agents", "bare", "some"}, // these lack it
		"ClusterRole/-names":         {"agents", "bare"},
		"ClusterRole/-doctor":        {"agents", "bare"},
		"ClusterRole/-agents-review": {"agents", "bare", "full", "lone"},
		"ClusterRole/-agent":         {"bare", "bot", "kubelet", "lone", "no-pods", "proven", "self"},
		"DaemonSet/-agent":           {"bot", "lone"},
		"ServiceAccount/-agent":      {"bot", "lone"},
		"Deployment/":                {"agents"},
		"PersistentVolumeClaim/":     {"agents"},
		"NetworkPolicy/":             {"agents", "bare"},
		"NetworkPolicy/-agent":       {"bare", "bot", "lone"},
		"ConfigMap/":                 {"agents"},
		"ClusterRole/-agent-kubelet": without("kubelet", "proven", "self"),
		"Lease/":                     without("two", "full"),
		"Role/-lease":                without("two", "full"),
		"RoleBinding/-lease":         without("two", "full"),
		"PodDisruptionBudget/":       without("two", "full"),
		"Role/":                      without("some"),
		"Ingress/":                   without("full"),
		"ServiceMonitor/":            without("full"),
		"PodMonitor/-agent":          without("full"),
		"PrometheusRule/":            without("full"),
		"PrometheusRule/-oom":        without("full"),
		"ConfigMap/-dashboard":       without("full"),
		"ConfigMap/-agent":           without("full", "kubelet", "proven", "self"),
		"ResourceQuota/-agent":       without("full"),
		"ClusterRoleBinding/-agent":  {"bare", "bot", "kubelet", "lone", "no-pods", "proven", "self"},
		"ClusterRoleBinding/-doctor": {"agents", "bare"},
		"ClusterRoleBinding/":        {"agents", "bare", "some"},
		"ClusterRoleBinding/-names":  {"agents", "bare"},
		"Service/":                   {"agents"},
		"ServiceAccount/":            {"agents"},
	} {
		var lacks []string
		for name := range variants {
			if !slices.Contains(all[name], object) {
				lacks = append(lacks, name)
			}
		}
		slices.Sort(lacks)
		slices.Sort(in)
		if diff := cmp.Diff(in, lacks); diff != "" {
			t.Errorf("%s is missing in (- wanted, + is):\n%s", object, diff)
		}
	}
}

func without(these ...string) []string {
	var out []string
	for name := range variants {
		if !slices.Contains(these, name) {
			out = append(out, name)
		}
	}
	return out
}

// TestRefused gives values that are refused, and looks for what is said.
func TestRefused(t *testing.T) {
	for name, tt := range map[string]struct{ values, says string }{
		"an unknown value":        {`bott: {}`, "additional properties 'bott' not allowed"},
		"an unknown one below":    {`agent: {kernellog: kmsg}`, "additional properties 'kernellog' not allowed"},
		"an unknown key":          {`config: {promtheus: {url: x}}`, "additional properties 'promtheus' not allowed"},
		"a key of the chart's":    {`config: {memory: {file: /x}}`, "at '/config/memory': additional properties 'file' not allowed"},
		"another reader":          {`agent: {kernelLog: dmesg}`, "value must be one of 'syslog', 'journal', 'kmsg'"},
		"an unknown secret":       {`secrets: {keys: [slack-token]}`, "value must be one of 'slack-bot-token'"},
		"a secret twice":          {`secrets: {keys: [openai-api-key, openai-api-key]}`, "items at 0 and 1 are equal"},
		"no replica":              {`bot: {replicas: 0}`, "minimum: got 0, want 1"},
		"words for a number":      {`bot: {service: {port: http}}`, "got string, want integer"},
		"a channel's name":        {`config: {alertmanager: {channel: "#alerts"}}`, "does not match pattern"},
		"a channel's name as key": {`config: {slack: {channels: {alerts: {auto: true}}}}`, "alerts"},
		"a limit that is none":    {`agent: {resources: {limits: {memory: lots}}}`, "does not match pattern"},
		"a duration that is none": {`config: {memory: {retention: long}}`, "does not match pattern"},
		"one volume for two":      {`bot: {replicas: 2}`, "bot.replicas above 1 needs bot.persistence.accessMode ReadWriteMany"},
		"a kubelet both ways":     {`agent: {pods: kubelet, kubeletInsecure: true, kubeletCASecret: x}`, "leave out one of them"},
		"agents without a bot":    {`bot: {enabled: false}`, "give the address of the bot in agent.botURL"},
		"an ingress without host": {`bot: {ingress: {enabled: true}}`, "bot.ingress.enabled needs bot.ingress.host"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Render(folder, Options{Values: valuesOf(t, tt.values)})
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want one that says %q", err, tt.says)
			}
		})
	}
}

// TestConfigurationIsTaken has the program itself read the configurations that the chart makes, with every secret in its file.
func TestConfigurationIsTaken(t *testing.T) {
	for name := range variants {
		t.Run(name, func(t *testing.T) {
			for id, o := range named(render(t, name)) {
				data, _, err := unstructured.NestedStringMap(o.Object, "data")
				if err != nil || o.GetKind() != "ConfigMap" || data["oombot.yaml"] == "" {
					continue
				}
				cfg, err := load(t, data["oombot.yaml"])
				if err != nil {
					t.Fatalf("%s: %v in\n%s", id, err, data["oombot.yaml"])
				}
				if strings.HasSuffix(id, "-agent") {
					if !agentWanted(name, cfg) {
						t.Errorf("the agent's configuration is\n%s", data["oombot.yaml"])
					}
					continue
				}
				if cfg.Memory.File != "/var/lib/oombot/memory.db" || cfg.HTTP.Listen != ":8080" {
					t.Errorf("%s: memory %q, listens on %q", id, cfg.Memory.File, cfg.HTTP.Listen)
				}
				if account := cfg.Agents.ServiceAccount; (account == "ns-"+name+"/oombot-"+name+"-agent") == (name == "bot" || name == "lone") {
					t.Errorf("%s: tokens of %q are taken", id, account)
				}
				replicated := name == "two" || name == "full"
				if lease := cfg.LeaderElection.Lease; replicated != (lease == "oombot-"+name) || !replicated && lease != "" {
					t.Errorf("%s: the Lease is %q", id, lease)
				}
				if name == "full" {
					checkFull(t, cfg)
				}
			}
		})
	}
}

// agentWanted says whether the configuration of the agents is that of the variant's values, and holds no secret.
func agentWanted(name string, cfg *config.Config) bool {
	a := cfg.Agent
	return (len(cfg.Redact.Names) == 1 && len(cfg.Redact.Patterns) == 1) == (name == "full") && a.HeapProfiles == (name != "kubelet") &&
		a.KubeletInsecure == (name == "self") && strings.HasSuffix(a.KubeletCAFile, "/ca.crt") == (name == "proven") && !cfg.Slack.BotToken.Set()
}

func checkFull(t *testing.T, cfg *config.Config) {
	t.Helper()
	if cfg.LLM.MaxTokens != 1_000_000 || cfg.Profiles.ScrapePods || !cfg.Slack.Channels["C0123ABCD"].Auto || cfg.Agents.Audience != "bots" {
		t.Errorf("what the values say did not arrive: %+v", cfg)
	}
	for name, s := range map[string]config.Secret{
		"slack-bot-token": cfg.Slack.BotToken, "slack-app-token": cfg.Slack.AppToken, "slack-signing-secret": cfg.Slack.SigningSecret,
		"alertmanager-token": cfg.Alertmanager.BearerToken, "pagerduty-webhook-secret": cfg.PagerDuty.WebhookSecret,
		"pagerduty-api-token": cfg.PagerDuty.APIToken, "openai-api-key": cfg.LLM.APIKey, "agents-token": cfg.Agents.Token,
	} {
		if v, err := s.Value(); err != nil || v != "secret of "+name {
			t.Errorf("%s is %q, %v", name, v, err)
		}
	}
}

// load reads a configuration whose secrets are in a folder of the test's.
func load(t *testing.T, text string) (*config.Config, error) {
	t.Helper()
	dir := t.TempDir()
	const mounted = "/etc/oombot/secrets/"
	text = strings.ReplaceAll(text, "/etc/oombot/kubelet-ca/", mounted)
	for _, m := range regexp.MustCompile(mounted+`([a-z.-]+)`).FindAllStringSubmatch(text, -1) {
		if err := os.WriteFile(filepath.Join(dir, m[1]), []byte("secret of "+m[1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "oombot.yaml")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, mounted, dir+"/")), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Load(config.Sources{File: file})
}

// TestArguments wants every flag that the chart gives to the program among those that the program has.
func TestArguments(t *testing.T) {
	help := map[string]string{}
	for name := range variants {
		for _, o := range render(t, name) {
			if o.GetKind() != "Deployment" && o.GetKind() != "DaemonSet" {
				continue
			}
			containers, _, err := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
			if err != nil || len(containers) != 1 {
				t.Fatalf("%s has %d containers, %v", o.GetName(), len(containers), err)
			}
			args, _, err := unstructured.NestedStringSlice(containers[0].(map[string]any), "args")
			if err != nil || len(args) == 0 {
				t.Fatalf("%s has the arguments %q, %v", o.GetName(), args, err)
			}
			command := args[0]
			if help[command] == "" {
				out := oombot.Run(t, oombot.Command{Args: []string{command, "--help"}})
				if out.Code != 0 {
					t.Fatalf("oombot %s --help: exit status %d\n%s", command, out.Code, out.Stderr)
				}
				help[command] = string(out.Stdout)
			}
			for _, arg := range args[1:] {
				flag, _, _ := strings.Cut(arg, "=")
				if !strings.HasPrefix(flag, "--") || !strings.Contains(help[command], " "+flag+" ") {
					t.Errorf("%s: oombot %s has no flag %s", o.GetName(), command, flag)
				}
			}
		}
	}
	if help["serve"] == "" || help["agent"] == "" {
		t.Errorf("the chart runs only %d commands", len(help))
	}
}

// TestOperatorObjects reads what is for Prometheus's operator by its own types, in which every field has to be known.
func TestOperatorObjects(t *testing.T) {
	objects := named(render(t, "full"))
	rules := 0
	for id, into := range map[string]any{
		"ServiceMonitor/oombot-full":   &monitoringv1.ServiceMonitor{},
		"PodMonitor/oombot-full-agent": &monitoringv1.PodMonitor{},
		"PrometheusRule/oombot-full":   &monitoringv1.PrometheusRule{}, "PrometheusRule/oombot-full-oom": &monitoringv1.PrometheusRule{},
	} {
		o := objects[id]
		data, err := json.Marshal(o.Object)
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.UnmarshalStrict(data, into); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if o.GetLabels()["release"] != "prom" {
			t.Errorf("%s lacks the label that the operator selects by", id)
		}
		if r, ok := into.(*monitoringv1.PrometheusRule); ok {
			for _, g := range r.Spec.Groups {
				rules += len(g.Rules)
			}
		}
	}
	if rules < 20 {
		t.Errorf("only %d rules arrived", rules)
	}
	service, monitor := objects["Service/oombot-full"], objects["ServiceMonitor/oombot-full"]
	selector, _, err := unstructured.NestedStringMap(monitor.Object, "spec", "selector", "matchLabels")
	if err != nil || len(selector) == 0 {
		t.Fatalf("the ServiceMonitor selects by %v, %v", selector, err)
	}
	for k, v := range selector {
		if service.GetLabels()[k] != v {
			t.Errorf("the ServiceMonitor selects by %s=%s, and the Service has %q", k, v, service.GetLabels()[k])
		}
	}
}

// TestNotes looks for what people have to know of their choices.
func TestNotes(t *testing.T) {
	for name, want := range map[string][]string{
		"default": {"create secret generic oombot", "--from-literal=slack-app-token", "investigate NAMESPACE/WORKLOAD", "by syslog", "enforce=privileged", "was not tried"},
		"journal": {"by journal", "journald drops messages", "/run/log/journal"},
		"kmsg":    {"privileged container"},
		"kubelet": {"sees no processes"},
		"no-pods": {"reports uids"},
		"two":     {"Of 2 replicas one is ready", "helm --wait"},
		"lone":    {"shown nowhere"},
	} {
		r, err := Render(folder, Options{Values: valuesOf(t, variants[name])})
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range want {
			if !strings.Contains(r.Notes(), text) {
				t.Errorf("%s: the notes don't say %q:\n%s", name, text, r.Notes())
			}
		}
	}
}
