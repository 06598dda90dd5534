package helm

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const folder = "../../deploy/helm/oombot"

// variants are values that differ in what is rendered.
var variants = map[string]string{
	"default": ``,
	"journal": `agent: {kernelLog: journal, journalDirs: [/run/log/journal]}`,
	"kmsg":    `agent: {kernelLog: kmsg}`,
	"kubelet": `agent: {pods: kubelet, processes: false, heapProfiles: false}`,
	"self":    `agent: {pods: kubelet, kubeletInsecure: true}`,
	"proven":  `agent: {pods: kubelet, kubeletCASecret: kubelets}`,
	"no-pods": `agent: {pods: none, tolerations: [], nodeSelector: {}, priorityClassName: "", networkPolicy: {from: []}}`,
	"two":     `bot: {replicas: 2, persistence: {accessMode: ReadWriteMany}}`,
	"bot":     `{agent: {enabled: false}, rbac: {otherAgents: true}}`,
	"lone":    `{agent: {enabled: false}, bot: {networkPolicy: {from: []}}, secrets: {keys: []}}`,
	"agents":  `{bot: {enabled: false}, agent: {botURL: "https://oombot.example.com", caSecret: oombot-ca}, secrets: {keys: [agents-token]}}`,
	"some":    `rbac: {namespaces: [shop, pay]}`,
	"bare":    `{rbac: {create: false, names: false, doctor: false}, bot: {networkPolicy: {enabled: false}}, agent: {networkPolicy: {enabled: false}}}`,
	"full":    full,
}

// full turns on everything that can be on at once.
const full = `
commonLabels: {team: platform}
image: {repository: registry.example.com/oombot, digest: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}
imagePullSecrets: [{name: regcred}]
secrets:
  existingSecret: mine
  keys: [slack-bot-token, slack-app-token, slack-signing-secret, alertmanager-token, pagerduty-webhook-secret, pagerduty-api-token,
    openai-api-key, agents-token, prometheus-token, loki-token, pyroscope-password]
config:
  cluster: prod-eu
  prometheus: {url: "http://prometheus:9090", headers: {X-Scope-OrgID: prod}, queries: {traffic: 'sum(rate(requests_total{namespace="{namespace}"}[5m]))'}}
  loki: {url: "http://loki"}
  pyroscope: {url: "http://pyroscope", basic_user: me}
  profiles: {scrape_pods: false}
  memory: {retention: 8760h}
  limits: {concurrent: 8, starts_per_minute: 60, source_timeout: 15s}
  links: {grafana: "https://g.example.com/{namespace}/{pod}"}
  redact: {names: [LICENSE], patterns: ['acme-[0-9a-f]{32}']}
  llm: {model: a-model, max_tokens: 1000000, price: {prompt: 0.5, completion: 1.5, max: 2}}
  slack: {channels: {C0123ABCD: {auto: true, alert_bots: [B0PAGER], namespaces: [shop, "pay-*"]}}}
  pagerduty: {from: oncall@example.com, channel: C0123ABCD}
  alertmanager: {channel: C0123ABCD}
  http: {public_url: "https://oombot.example.com"}
  agents: {audience: bots, channel: C0123ABCD}
bot:
  replicas: 3
  extraArgs: [--no-llm]
  extraEnv: [{name: HTTPS_PROXY, value: "http://proxy:3128"}]
  extraVolumes: [{name: ca, configMap: {name: ca}}]
  extraVolumeMounts: [{name: ca, mountPath: /etc/ca}]
  podAnnotations: {a: b}
  podLabels: {c: d}
  nodeSelector: {pool: infra}
  tolerations: [{key: infra, operator: Exists}]
  affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: {matchExpressions: [{key: x, operator: Exists}]}}]}}
  topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {a: b}}}]
  priorityClassName: system-cluster-critical
  serviceAccount: {annotations: {e: f}}
  persistence: {storageClass: cephfs, accessMode: ReadWriteMany, size: 10Gi, annotations: {g: h}}
  service: {type: LoadBalancer, port: 80, annotations: {i: j}}
  ingress: {enabled: true, className: nginx, host: oombot.example.com, tlsSecret: tls, annotations: {k: l}}
  networkPolicy: {from: [{ipBlock: {cidr: 10.0.0.0/8}}], egress: [{ports: [{port: 443}]}]}
agent:
  kernelLog: journal
  resourceQuota: true
  seLinuxOptions: {type: spc_t}
  extraArgs: [--state=/x]
  extraEnv: [{name: A, value: b}]
  podAnnotations: {m: nn}
  podLabels: {o: p}
  affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: {matchExpressions: [{key: x, operator: Exists}]}}]}}
  maxUnavailable: 3
  serviceAccount: {annotations: {q: r}}
monitoring: {labels: {release: prom}, serviceMonitor: true, podMonitor: true, rules: true, oomRules: true, dashboard: true}
`

func valuesOf(t testing.TB, text string) map[string]any {
	t.Helper()
	out := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// render renders a variant as a release of its own.
func render(t testing.TB, variant string) []unstructured.Unstructured {
	t.Helper()
	r, err := Render(folder, Options{Release: "oombot-" + variant, Namespace: "ns-" + variant, Values: valuesOf(t, variants[variant])})
	if err != nil {
		t.Fatal(err)
	}
	objects, err := r.Objects()
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// named returns the objects as KIND/NAME.
func named(objects []unstructured.Unstructured) map[string]unstructured.Unstructured {
	out := map[string]unstructured.Unstructured{}
	for _, o := range objects {
		out[o.GetKind()+"/"+o.GetName()] = o
	}
	return out
}
