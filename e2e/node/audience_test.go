package node

import (
	"fmt"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/oombot/oombot/e2e/cgroup"
	"github.com/oombot/oombot/e2e/cluster"
	"github.com/oombot/oombot/e2e/oombot"
)

// The agents' service account.
const (
	agentsNamespace = "oombot"
	agentsAccount   = "oombot-agent"
)

// TestAudience has an agent show the token that the kubelet projects into its pod, and others show what they have.
func TestAudience(t *testing.T) {
	p := newPlace(t)
	w := p.deploy(t, "checkout", &container{name: "checkout", request: 16, limit: 48}, unlimited())
	p.put(t, nodeObject("another-node", p.allocatable))
	p.agents = fmt.Sprintf("{audience: oombot-agents, service_account: %s/%s, channel: %s}", agentsNamespace, agentsAccount, channel)
	p.serve(t)
	p.server.ServiceAccount(t, agentsNamespace, agentsAccount)
	p.server.ServiceAccount(t, agentsNamespace, "stranger")

	for name, token := range map[string]string{
		"of another audience":        p.projected(t, agentsAccount, p.node, "another"),
		"of another node":            p.projected(t, agentsAccount, "another-node", "oombot-agents"),
		"of another service account": p.projected(t, "stranger", p.node, "oombot-agents"),
	} {
		a := oombot.Agent{Bot: p.bot.URL, Node: p.node, State: t.TempDir(), Token: oombot.File(t, "token", token)}.Run(t)
		oombot.Until(t, "the agent says that its token "+name+" is not taken", func() bool {
			_, body := oombot.Get(t, a.URL+"/healthz")
			return strings.Contains(body, "the bot answered 40")
		})
		a.Stop(t)
	}
	p.token = oombot.File(t, "token", p.projected(t, agentsAccount, p.node, "oombot-agents"))
	p.watch(t)
	p.die(t, w)
	p.verdict(t, w)
	p.end(t)
}

// projected is a token of a service account that is bound to a pod on a node, as the kubelet asks for it.
func (p *place) projected(t testing.TB, account, node, audience string) string {
	t.Helper()
	pod := account + "-" + cgroup.NewContainerID()[:5]
	uid := cgroup.NewPodUID()
	p.put(t, cluster.Object{Resource: "pods", Value: object{
		"apiVersion": "v1", "kind": "Pod", "metadata": object{"namespace": agentsNamespace, "name": pod, "uid": uid, "creationTimestamp": "2026-01-01T00:00:00Z"},
		"spec":   object{"nodeName": node, "serviceAccountName": account, "containers": []any{object{"name": "agent", "image": "registry.test/oombot:1"}}},
		"status": object{"phase": "Running"},
	}})
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		Audiences: []string{audience}, BoundObjectRef: &authenticationv1.BoundObjectReference{Kind: "Pod", APIVersion: "v1", Name: pod, UID: types.UID(uid)},
	}}
	got, err := p.server.Client().CoreV1().ServiceAccounts(agentsNamespace).CreateToken(t.Context(), account, request, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return got.Status.Token
}
