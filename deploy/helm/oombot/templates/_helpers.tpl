{{- define "oombot.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "oombot.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "oombot.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "oombot.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "oombot.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/name: {{ include "oombot.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | trunc 63 | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "oombot.botSelector" -}}
app.kubernetes.io/name: {{ include "oombot.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: bot
{{- end -}}

{{- define "oombot.agentSelector" -}}
app.kubernetes.io/name: {{ include "oombot.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: agent
{{- end -}}

{{/* Labels of pods: those that do not change with the chart's version, or every upgrade would replace them. */}}
{{- define "oombot.podLabels" -}}
{{ .selector }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- with .more }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "oombot.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* Which key of the configuration each key of the Secret is the file of. */}}
{{- define "oombot.secretPaths" -}}
slack-bot-token: slack.bot_token_file
slack-app-token: slack.app_token_file
slack-signing-secret: slack.signing_secret_file
alertmanager-token: alertmanager.bearer_token_file
pagerduty-webhook-secret: pagerduty.webhook_secret_file
pagerduty-api-token: pagerduty.api_token_file
openai-api-key: llm.api_key_file
agents-token: agents.token_file
prometheus-token: prometheus.bearer_token_file
prometheus-password: prometheus.basic_password_file
loki-token: loki.bearer_token_file
loki-password: loki.basic_password_file
pyroscope-token: pyroscope.bearer_token_file
pyroscope-password: pyroscope.basic_password_file
{{- end -}}

{{/* The configuration: the files of the secrets, over them what the values give, over that what the chart owns. */}}
{{- define "oombot.config" -}}
{{- $paths := include "oombot.secretPaths" . | fromYaml -}}
{{- $out := dict -}}
{{- range .Values.secrets.keys -}}
{{- $path := splitList "." (get $paths .) -}}
{{- $section := get $out (first $path) | default dict -}}
{{- $_ := set $section (last $path) (printf "/etc/oombot/secrets/%s" .) -}}
{{- $_ := set $out (first $path) $section -}}
{{- end -}}
{{- if .Values.agent.enabled -}}
{{- $account := printf "%s/%s-agent" .Release.Namespace (include "oombot.fullname" .) -}}
{{- $_ := set $out "agents" (merge (dict "service_account" $account) (get $out "agents" | default dict)) -}}
{{- end -}}
{{- $out = mustMergeOverwrite $out (deepCopy .Values.config) -}}
{{- $own := dict "memory" (dict "file" "/var/lib/oombot/memory.db") "http" (dict "listen" ":8080") -}}
{{- if gt (int .Values.bot.replicas) 1 -}}
{{- $_ := set $own "leader_election" (dict "lease" (include "oombot.fullname" .)) -}}
{{- end -}}
{{- mustMergeOverwrite $out $own | toYaml -}}
{{- end -}}

{{/* The configuration of the agents: what the bot's says of secrets, and what there is no flag for. Empty where all is by default. */}}
{{- define "oombot.agentConfig" -}}
{{- $out := dict -}}
{{- with .Values.config.redact -}}
{{- $_ := set $out "redact" . -}}
{{- end -}}
{{- $agent := dict -}}
{{- if not .Values.agent.heapProfiles -}}
{{- $_ := set $agent "heap_profiles" false -}}
{{- end -}}
{{- if and .Values.agent.kubeletInsecure (eq .Values.agent.pods "kubelet") -}}
{{- $_ := set $agent "kubelet_insecure" true -}}
{{- end -}}
{{- if and .Values.agent.kubeletCASecret (eq .Values.agent.pods "kubelet") -}}
{{- $_ := set $agent "kubelet_ca_file" "/etc/oombot/kubelet-ca/ca.crt" -}}
{{- end -}}
{{- if $agent -}}
{{- $_ := set $out "agent" $agent -}}
{{- end -}}
{{- if $out -}}
{{- toYaml $out -}}
{{- end -}}
{{- end -}}

{{/* The audience of the agents' tokens. */}}
{{- define "oombot.audience" -}}
{{- (.Values.config.agents | default dict).audience | default "oombot" -}}
{{- end -}}

{{/* "yes" where the bot has the tokens of agents reviewed, that is, where there are some and they don't share one. */}}
{{- define "oombot.reviews" -}}
{{- if and .Values.bot.enabled (or .Values.agent.enabled .Values.rbac.otherAgents) (not (has "agents-token" .Values.secrets.keys)) -}}yes{{- end -}}
{{- end -}}

{{/* What values contradict, and what to do. */}}
{{- define "oombot.check" -}}
{{- with .Values -}}
{{- if and (gt (int .bot.replicas) 1) (not .bot.persistence.existingClaim) (ne .bot.persistence.accessMode "ReadWriteMany") -}}
{{- fail "bot.replicas above 1 needs bot.persistence.accessMode ReadWriteMany, or a claim of that kind in bot.persistence.existingClaim: all replicas mount the one memory file, and one of them uses it. The file system behind it must lock and map files as a local one does (CephFS does, NFS does not); with any other volume keep one replica" -}}
{{- end -}}
{{- if and .agent.enabled (not .bot.enabled) (not .agent.botURL) -}}
{{- fail "bot.enabled is false: give the address of the bot in agent.botURL" -}}
{{- end -}}
{{- if and .agent.kubeletInsecure .agent.kubeletCASecret -}}
{{- fail "agent.kubeletInsecure has the kubelets' certificates not checked, and agent.kubeletCASecret says what to check them by: leave out one of them" -}}
{{- end -}}
{{- if and .bot.ingress.enabled (not .bot.ingress.host) -}}
{{- fail "bot.ingress.enabled needs bot.ingress.host: the name under which Slack, PagerDuty or Alertmanager reach it" -}}
{{- end -}}
{{- end -}}
{{- end -}}
