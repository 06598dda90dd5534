{{/* What the bot reads in the whole cluster beside what it reads of namespaces. */}}
{{- define "oombot.clusterRules" -}}
# The target's node: its memory, and how it is known elsewhere.
- apiGroups: [""]
  resources: [nodes]
  verbs: [get]
# Whether the namespace was being deleted.
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get]
# Which pods go before others.
- apiGroups: ["scheduling.k8s.io"]
  resources: [priorityclasses]
  verbs: [list]
{{- end -}}

{{/* What it reads of namespaces. */}}
{{- define "oombot.namespacedRules" -}}
# The target, its workload's pods, and the pods on its node.
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list]
# What the containers said, now and before their last restart.
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
# How it ended, and what bounds the limit.
- apiGroups: [""]
  resources: [events, limitranges, resourcequotas]
  verbs: [list]
# Only those are read that the target's pods take in; leave this rule out and oombot says what it misses.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get]
# The owners of pods.
- apiGroups: ["apps"]
  resources: [deployments, statefulsets, daemonsets]
  verbs: [get]
# Revisions of Deployments.
- apiGroups: ["apps"]
  resources: [replicasets]
  verbs: [get, list]
# Revisions of StatefulSets and DaemonSets.
- apiGroups: ["apps"]
  resources: [controllerrevisions]
  verbs: [list]
# Jobs that may have set it off.
- apiGroups: ["batch"]
  resources: [jobs, cronjobs]
  verbs: [get, list]
# Who owns replicas and limits.
- apiGroups: ["autoscaling"]
  resources: [horizontalpodautoscalers]
  verbs: [list]
- apiGroups: ["autoscaling.k8s.io"]
  resources: [verticalpodautoscalers]
  verbs: [list]
# Who deploys: Argo CD, Flux.
- apiGroups: ["argoproj.io"]
  resources: [applications]
  verbs: [get, list]
- apiGroups: ["kustomize.toolkit.fluxcd.io"]
  resources: [kustomizations]
  verbs: [get]
- apiGroups: ["helm.toolkit.fluxcd.io"]
  resources: [helmreleases]
  verbs: [get]
{{- end -}}

{{/* A ClusterRole and its binding. */}}
{{- define "oombot.clusterRole" }}
---
{{- with .about }}
# {{ . }}
{{- end }}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ .name }}
  labels: {{- .labels | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
rules:
  {{- .rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ .name }}
  labels: {{- .labels | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {{ .name }}}
subjects:
  - {{ .subject }}
{{- end -}}
