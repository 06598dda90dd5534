// Package cluster stands up what a live investigation reads: a real kube-apiserver with its etcd, a real
// Prometheus with a history, and stand-ins for kubelets; and it fills them with a recorded incident, so that what
// the program makes of the living cluster can be compared with what it makes of the bundle. Everything listens on
// loopback, on free ports, and ends with the test that started it, however that ends.
//
//	server := cluster.StartAPIServer(t, cluster.ServerOptions{}) // 3 s; one server serves many tests
//	kubelet := cluster.StartKubelet(t, bundle)
//	server.Load(t, bundle, cluster.LoadOptions{Kubelet: kubelet}) // and server.Reset(t) before the next bundle
//	prometheus := cluster.StartPrometheus(t, cluster.PrometheusOptions{}, bundle)
//	mark := server.AuditMark(t)
//	out := oombot.Run(t, oombot.Command{
//		Args: []string{"investigate", "shop/checkout-7c9…", "-o", "json"},
//		Env:  []string{"KUBECONFIG=" + server.Kubeconfig(t), "OOMBOT_PROMETHEUS_URL=" + prometheus.URL},
//	})
//	verbs := server.Audit(t, mark)
//
// [Proxy] stands in front of any of them and makes it slow, broken or forbidden, and counts calls and bytes.
// [APIServer.LoadScale] fills a cluster of any size around one incident.
//
// Objects are written into etcd past the API server, in JSON, which it reads as well as its own encoding: only so
// do uids, times of creation, managed fields and status stay what was recorded. No controller, scheduler or
// garbage collector runs, so nothing changes them afterwards.
//
// OOMBOT_E2E_APISERVER names the API server, as `make e2e` sets it. Tests skip with the reason where that or Debian's
// prometheus is missing. What runs the program under test is package oombot.
package cluster
