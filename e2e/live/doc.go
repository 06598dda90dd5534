// Package live drives the built program against a living cluster: a real kube-apiserver and a real Prometheus that
// hold a recorded incident, stand-ins for kubelets and Pyroscope, and kernel logs. It holds that a live verdict is
// right, that the collected bundle gives the same one, that the roles in deploy/ are enough and no more than is used,
// that broken sources cost their own part only, and what an investigation costs.
package live
