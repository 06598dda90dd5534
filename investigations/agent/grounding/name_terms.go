package grounding

import "strings"

// wordsOf makes a set of the words of its lines.
func wordsOf(lines string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(lines) {
		set[w] = true
	}
	return set
}

// isTerm says whether a word, in lower case, belongs to the field and names nothing of the incident.
func isTerm(low string) bool {
	if terms[low] || terms[strings.TrimSuffix(low, "s")] {
		return true
	}
	for _, file := range []string{"memory.", "cgroup.", "cpu."} {
		if rest, ok := strings.CutPrefix(low, file); ok && rest != "" && !strings.ContainsAny(rest, "0123456789/:") {
			return true
		}
	}
	return false
}

// terms are of the field: kinds, mechanisms, runtimes, metrics, files that every machine has.
var terms = wordsOf(`
git oom ooms oomkill oomkilled oomkiller oom-kill oom-killed oom-killer oom_kill oom-kills oomd systemd-oomd memcg cgroup cgroups cgroupv1 cgroupv2
rss anon anon-rss anon_rss shmem tmpfs slab dentries inodes pss uss vss swap swapcached pagecache page-cache kmem hugepages
qos besteffort burstable guaranteed kubernetes k8s k3s kubelet kubectl containerd cri-o crio docker runc containerd-shim systemd cri kube-proxy
apiserver etcd cadvisor prometheus grafana pyroscope loki alertmanager pagerduty slack node_exporter kube-state-metrics promql pprof parca
jvm gc gcs heap heaps metaspace off-heap offheap on-heap go golang java node.js nodejs javascript typescript python ruby rust c c++ .net dotnet php
v8 jemalloc malloc glibc tcmalloc g1gc g1 zgc cms hpa vpa pdb crd cpu cpus i/o io ip ips id ids uid uids gid pid pids tid tgid uuid
http https http/1.1 http/2 http2 grpc tcp udp dns tls url urls api apis json yaml xml csv sql cli ui sdk os vm vms numa cpuset ram ssd nvme ebs nfs s3
p50 p75 p90 p95 p99 p999 p99.9 95th 99th rps qps sla slo slos mttr q&a n/a w/o w/ ok vs e.g i.e a.m p.m etc and/or or/and 24/7 either/or
oom_score_adj oom_score oom.group gomemlimit gogc gomaxprocs java_tool_options max_old_space_size -xmx -xms xmx xms maxrampercentage
sigkill sigterm sigint sigsegv sigabrt enomem oomkilling crashloopbackoff backoff imagepullbackoff evicted evictionthreshold memorypressure
diskpressure pidpressure outofmemoryerror java.lang.outofmemoryerror memoryerror configmap configmaps replicaset replicasets statefulset
statefulsets daemonset daemonsets cronjob cronjobs limitrange limitranges resourcequota resourcequotas priorityclass priorityclasses
controllerrevision controllerrevisions podsecuritypolicy emptydir emptydirs hostpath sizelimit initcontainer initcontainers laststate
containerstatus containerstatuses restartcount restartpolicy livenessprobe readinessprobe startupprobe memorymax memoryhigh allocatable
laststate.terminated exitcode finishedat startedat
kubepods kubepods.slice system.slice user.slice init.scope system-reserved kube-reserved
working_set working-set workingset container_working_set container_rss container_cache container_limit container_oom_events container_restarts
node_available node_total node_pods_working_set traffic runtime_heap runtime_threads container_memory_working_set_bytes container_memory_rss
constraint_memcg constraint_none constraint_cpuset constraint_memory_policy
memcg_oom_kill global_oom_kill kubelet_eviction systemd_oomd runtime_oom sigkill_not_oom other_exit not_killed undersized_limit load_spike
runtime_misconfiguration noisy_neighbour node_overcommit memory_backed_volume kernel_memory not_oom insufficient_evidence config_change
scheduled_job node_allocatable set_limit set_request fix_leak set_runtime_ceiling cap_volume limit_culprit move_or_resize_node scale_out
reduce_load fix_probe collect_more no_memory_change out-of-memory out_of_memory
/dev/shm /tmp /proc /proc/meminfo /sys/fs/cgroup /dev/kmsg /var/log /
mib gib kib tib mb gb kb tb mi gi ki ti mib/h gib/h kib/h mb/s mib/s mib/min gib/min req/s requests/s bytes/s b/s kb/s requests/second mib/hour gib/hour
kendall tau mann-kendall theil-sen theilsen r2 x86 x86_64 x86-64 amd64 arm64 i386 64-bit 32-bit lru ttl fifo lifo oncall dev devops sre sres
postgresql mysql mongodb rabbitmq github gitlab argocd linux macos ubuntu debian openjdk hotspot graalvm
whatsapp youtube iphone ebpf openshift gke eks aks aws gcp azure runbook runbooks postmortem
`)

// compoundFirst are words that English compounds begin with, compoundLast those that they end in.
var (
	compoundFirst = wordsOf(`
a above after air all already anti as at back bad below best better between bi big both bottom brand broad by case co cold common counter cross
cut day de deep double down dry early ever extra fair far fast few fine first five flat follow for four free fresh front full fully further
garbage general good great ground half hand hard heap heavy high higher highest hot hour in inter intra just kernel key know large largest last late
left less level life light like limit line little live load long longer look low lower lowest main make man many mark medium memory mid minute
month more most much multi native near nearly never new newly next night nine non now odd off old on once one only open out over own page paid
part peak per point post pre process pseudo quasi quick ramp rapid rate re read real request right roll round root run same saw second self semi
series set seven short side similar single six slow small smaller so soft some sort spot stand start state step still stop straight strong sub
super taken ten then there third three time to too top total trace trade traffic trend tri trial twice two ultra un under unit up upper user
usage vice very way week well whole wide wild work worst write wrong year yet zero container cgroup pod node swap byte cpu rss gc oom
roughly steadily linearly heap-only stair`)
	compoundLast = wordsOf(`
about absent again alike all around aside away aware back backed backs based behind being bit border bound boundary by call case check class
coded cut cycle day days deep definite dependent depth down driven during edge effect end even ever expected fast fed fit fix fold for forth
found frame free friendly full gap grade half hand heavy high hold hour hours in independent ins intensive interval jump keep kill killed
killer kills large leak leaks least left length less level life like limit limits line list load local long loop loops low made mapped mark
maximum me member memory minimum minute minutes mode model month months more most movement much negative neutral new no o'clock of off offs old on
one ones only open or oriented out outs over own pair party pass path peak peaks per percent phase plan point points pressure prone proof
proportional quarter quarters ramp range rate ratio ready related release request requests restart restarts right rise run runs safe second seconds
segment sensitive series set sets shaped share shift shot side sided size sized so spec specific speed spike spikes stable stage stamp start state step
steps stop style such sum table tail take term than that the then thing third thirds through tier time times to tooth top trace traffic true turn turns type
up ups use used versa wave way wear week weeks weight while whole wide width window work worth wrong year years yet zero`)
)

// describing are words in front of "pod", "node" or "container" that say which one.
var describing = wordsOf(`
former latter retired replaced same other another process new newer old older first last next whole entire own main only single app application parent previous prior current present victim
culprit killer sibling second third neighbour neighbor target right wrong very bad busy noisy healthy unhealthy ready greedy hungry big bigger small
smaller large larger huge full empty idle slow fast stable steady hot cold quiet test canary init ephemeral pause worker workers control
kernel linux kubernetes k8s cluster cloud production prod staging dev default system host memory cpu batch
database db infra platform service app's node pod container deployment workload namespace
replica job cron stateless stateful daemon helper injected sidecar offending surviving one sole twin peer long short early late later earlier
fresh doomed dead live alive doomed given said such what which whose these those any some no all both either neither most more less least few
many several every each leaky innocent neighbouring neighboring remaining common shared separate different similar identical proper actual real
gone lost spare extra additional particular certain specific exact original upper lower inner outer top bottom heavy light lighter heavier
highest lowest largest smallest biggest worst best greediest master primary secondary scheduled rescheduled shown it now then here there go java
python ruby rust php node.js jvm oom affected leaking failing crashing running restarting growing remaining existing offending pending
terminating exiting dying killing swapping thrashing starting stopping waiting evicting hosting underlying corresponding misbehaving starving
resulting following preceding interesting consuming competing ending missing long-running different recent innocent absent adjacent dependent
independent persistent subsequent frequent redundant relevant important distant specific generic static dynamic elastic native active inactive
respective massive passive temporary ordinary leakiest hungriest biggest newest oldest latest nearest`)

// afterKind are words that may follow "pod", "node" or "container" and name nothing.
var afterKind = wordsOf(`
was is are were has had have did does do will would could can may might must should itself that which who whose when where while with without in on at
of by to from for under over and or but than as if so then because since until after before during into onto out up down off near not never
also still even just only again too ran runs run hit hits got gets grew grows grow died dies die went goes came comes rose fell held holds hold
kept keeps used uses took takes became becomes began begins shows show saw sees made makes ended ends started starts spent left lost met needs
memory limit limits request requests restart restarts level pressure pool pools count counts status state states spec specs name names image images
log logs metrics usage working kill kills eviction evictions life lives lifetime lifetimes runtime start stop exit template templates resources
resource cgroup cgroups filesystem network storage security affinity selector group groups set sets age ages uid uids id ids death deaths end
object objects problem problems capacity allocatable agent agents controller controllers kernel events event process processes it this these those
its a an the each one two three ever always already both all any some no nor per via versus vs like unlike between among alone together about
around against boundary boundaries churn failure failures crash crashes termination creation deletion replacement leak leaks growth sizing size sizes`)

// scareQuoted are plain words that people put in quotes without naming anything.
var scareQuoted = wordsOf(`
leak leaks leaking leaky normal healthy stuck spike spikes sawtooth staircase slow fast innocent guilty culprit victim growth growing steady flat
unlimited safe fixed limit limits level real true false used free available at least anonymous cache kernel node nodes pod pods container containers
error errors killed kill running failed pending completed unknown always never yes no none ok warning app main before after`)
