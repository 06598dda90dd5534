package alerts

import "strings"

// noise are words that stand where a name may, and are none.
var noise = set(`a an and are as at be been both but by can crash crashed crashing crashloop crashlooping crashloopbackoff
	count cpu currently did disk does down due each entered error events evicted eviction exceeded failed failing for from
	firing got had has have high hit image images in info into is it its keeps kill killed latest limit limits low many
	memory metrics more most name names no none not of on oom oomkill oomkilled or out over page pending pods pod container
	containers namespace namespaces node nodes deployment deployments statefulset statefulsets daemonset daemonsets job jobs
	cronjob cronjobs pressure prometheus quota reached ready requests resolved restart restarted restarting restarts running
	runtime security set spec started state stats status stuck terminated that the this to true false unready unknown usage
	under use used using value was went were which will with without critical warning warn notice debug fatal
	kube-state-metrics http https http-metrics and/or n/a`)

// goesOn are the words that follow a name in a sentence about it.
var goesOn = set(`is was has had in of on at and with for exceeded exceeds restarted restarts restarting crashed crashes crashing
	got keeps killed oomkilled oom-killed oom evicted terminated reached hit uses used using went failed ran died container pod
	namespace will`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}
