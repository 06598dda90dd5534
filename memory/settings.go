package memory

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/oombot/oombot/investigations"
)

func templateOf(r investigations.Revision, maps configMaps) investigations.TemplateState {
	return investigations.TemplateState{
		Revision: r.Number, Hash: r.Hash, Began: began(r).UTC(), Containers: settingsOf(r.Template.Containers, maps), Volumes: volumesOf(r.Template.Volumes),
	}
}

func settingsOf(all []investigations.Container, maps configMaps) []investigations.ContainerSettings {
	var out []investigations.ContainerSettings
	for _, c := range all {
		out = append(out, investigations.ContainerSettings{
			Name: c.Name, Image: c.Image, Limit: c.MemoryLimit, Request: c.MemoryRequest, Settings: digestOf(c), Ceiling: ceilingOf(c, maps),
		})
	}
	return out
}

// digestOf tells two containers' arguments and environments apart without keeping them.
func digestOf(c investigations.Container) string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%q %q %q", c.Command, c.Args, c.EnvFromConfigMaps) // a hash takes all
	for _, e := range c.Env {
		_, _ = fmt.Fprintf(h, "%q", []string{e.Name, e.Value, e.Digest, e.ConfigMap, e.Key})
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// ceilingRE are the flags that bound the memory of a language runtime, with their values.
var ceilingRE = regexp.MustCompile(`-Xmx\S+|-XX:Max(?:HeapSize|RAM|RAMPercentage|RAMFraction|MetaspaceSize|DirectMemorySize)=\S+` +
	`|-XX:ReservedCodeCacheSize=\S+|-XX:[-+]UseContainerSupport|--max[-_]old[-_]space[-_]size(?:[-_]percentage)?[= ]\S+`)

// goCeilings are the variables whose whole value does.
var goCeilings = []string{"GOMEMLIMIT", "GOGC"}

// ceilingOf is a digest of the settings that bound the memory of a container's runtime, in arguments, in the
// environment and in the ConfigMaps that it is taken from; empty where there are none.
func ceilingOf(c investigations.Container, from configMaps) string {
	var found []string
	add := func(name, value string) {
		if slices.Contains(goCeilings, name) && value != "" {
			found = append(found, name+"="+strings.TrimSpace(value))
			return
		}
		found = append(found, ceilingRE.FindAllString(value, -1)...)
	}
	add("", strings.Join(append(slices.Clone(c.Command), c.Args...), " "))
	for _, e := range c.Env {
		value := e.Value
		if value == "" && e.ConfigMap != "" {
			value = from[e.ConfigMap][e.Key]
		}
		add(e.Name, value)
	}
	for _, name := range c.EnvFromConfigMaps {
		data := from[name]
		for _, key := range slices.Sorted(maps.Keys(data)) {
			add(key, data[key])
		}
	}
	if len(found) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(found, "\x00")))
	return hex.EncodeToString(sum[:8])
}

// configMaps are the values of a namespace's ConfigMaps that steer memory, by name and key.
type configMaps map[string]map[string]string

func configMapsOf(namespace string, ev *investigations.Evidence) configMaps {
	out := configMaps{}
	if ev.Rollouts == nil {
		return out
	}
	for _, m := range ev.Rollouts.ConfigMaps {
		if m.Namespace == namespace {
			out[m.Name] = m.Data
		}
	}
	return out
}
