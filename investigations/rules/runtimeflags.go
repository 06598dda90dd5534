package rules

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/oombot/oombot/investigations"
)

// flags are the memory settings that a container hands to its language runtime.
type flags struct {
	runtime string // java, node, go; "" unknown
	// text is the setting as it is written, and where it is written.
	text, where string
	// heap is the ceiling in bytes; 0 where none is set.
	heap float64
	// metaspace, direct and code are further ceilings of a JVM; 0 where not set.
	metaspace, direct, code float64
	// off says that the ceiling is switched off (GOMEMLIMIT=off, -UseContainerSupport).
	off bool
}

var (
	xmxRE        = regexp.MustCompile(`-(?:Xmx|XX:MaxHeapSize=)["']?(\d+)([kKmMgGtT]?)`)
	ramPercentRE = regexp.MustCompile(`-XX:MaxRAMPercentage=([\d.]+)`)
	ramFracRE    = regexp.MustCompile(`-XX:MaxRAMFraction=(\d+)`)
	metaRE       = regexp.MustCompile(`-XX:MaxMetaspaceSize=(\d+)([kKmMgGtT]?)`)
	directRE     = regexp.MustCompile(`-XX:MaxDirectMemorySize=(\d+)([kKmMgGtT]?)`)
	codeRE       = regexp.MustCompile(`-XX:ReservedCodeCacheSize=(\d+)([kKmMgGtT]?)`)
	maxRAMRE     = regexp.MustCompile(`-XX:MaxRAM=(\d+)([kKmMgGtT]?)`)
	noContainer  = regexp.MustCompile(`-XX:-UseContainerSupport`)
	oldSpaceRE   = regexp.MustCompile(`--max[-_]old[-_]space[-_]size[= ]["']?(\d+)`)
	oldSpacePct  = regexp.MustCompile(`--max[-_]old[-_]space[-_]size[-_]percentage[= ]([\d.]+)`)
	goLimitRE    = regexp.MustCompile(`^(\d+)(B|KiB|MiB|GiB|TiB)?$`)
	oldJavaRE    = regexp.MustCompile(`(?i)(?:jre|jdk|java|openjdk)[-:_]?(?:7|8u(?:[0-9]{1,2}|1[0-8][0-9])\b|9\b)`)
)

// readFlags reads a container's settings against its limit. lookup resolves values from ConfigMaps.
func readFlags(c *investigations.Container, limit float64, lookup func(configMap, key string) string) flags {
	var f flags
	if c == nil {
		return f
	}
	// Later sources win over earlier ones, as the JVM reads them: JAVA_TOOL_OPTIONS, the command line,
	// _JAVA_OPTIONS; other variables reach it by a start script, as part of the command line.
	type source struct{ where, text string }
	var first, last, all []source
	for _, e := range c.Env {
		v := e.Value
		if v == "" && e.ConfigMap != "" {
			v = lookup(e.ConfigMap, e.Key)
		}
		if v == "" {
			continue
		}
		src := source{e.Name, v}
		switch e.Name {
		case "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS":
			first = append(first, src)
		case "_JAVA_OPTIONS":
			last = append(last, src)
		case "GOMEMLIMIT":
			f.readGo(v)
		default:
			all = append(all, src)
		}
	}
	for _, cm := range c.EnvFromConfigMaps {
		for _, k := range []string{"JAVA_TOOL_OPTIONS", "JAVA_OPTS", "NODE_OPTIONS", "GOMEMLIMIT", "_JAVA_OPTIONS"} {
			if v := lookup(cm, k); v != "" && k == "GOMEMLIMIT" {
				f.readGo(v)
			} else if v != "" {
				all = append(all, source{k + " of ConfigMap " + cm, v})
			}
		}
	}
	all = append(append(first, all...), source{"the command line", strings.Join(append(append([]string{}, c.Command...), c.Args...), " ")})
	for _, src := range append(all, last...) {
		f.readJava(src.text, src.where, limit)
		f.readNode(src.text, src.where, limit)
	}
	return f
}

func (f *flags) set(runtime, text, where string, heap float64) {
	f.runtime, f.text, f.where, f.heap = runtime, text, where, heap
}

func (f *flags) readGo(v string) {
	v = strings.TrimSpace(v)
	if v == "off" {
		f.set("go", "GOMEMLIMIT=off", "the environment", 0)
		f.off = true
		return
	}
	if m := goLimitRE.FindStringSubmatch(v); m != nil {
		n, _ := strconv.ParseFloat(m[1], 64)
		n *= map[string]float64{"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}[m[2]]
		f.set("go", "GOMEMLIMIT="+v, "the environment", n)
	}
}

func (f *flags) readJava(text, where string, limit float64) {
	if strings.Contains(text, "java") && f.runtime == "" {
		f.runtime = "java"
	}
	if m := lastMatch(maxRAMRE, text); m != nil {
		limit = javaSize(m[1], m[2]) // the machine that percentages are of
	}
	if m := lastMatch(ramFracRE, text); m != nil && limit > 0 {
		if n, _ := strconv.ParseFloat(m[1], 64); n > 0 {
			f.set("java", m[0], where, limit/n)
		}
	}
	if m := lastMatch(ramPercentRE, text); m != nil && limit > 0 {
		n, _ := strconv.ParseFloat(m[1], 64)
		f.set("java", m[0], where, limit*n/100)
	}
	// -Xmx wins over percentages wherever they stand.
	if m := lastMatch(xmxRE, text); m != nil {
		f.set("java", m[0], where, javaSize(m[1], m[2]))
	}
	if m := lastMatch(metaRE, text); m != nil {
		f.metaspace = javaSize(m[1], m[2])
	}
	if m := lastMatch(directRE, text); m != nil {
		f.direct = javaSize(m[1], m[2])
	}
	if m := lastMatch(codeRE, text); m != nil {
		f.code = javaSize(m[1], m[2])
	}
	if noContainer.MatchString(text) {
		f.runtime, f.off = "java", true
		if f.text == "" {
			f.text, f.where = "-XX:-UseContainerSupport", where
		}
	}
}

func (f *flags) readNode(text, where string, limit float64) {
	if m := lastMatch(oldSpacePct, text); m != nil && limit > 0 {
		n, _ := strconv.ParseFloat(m[1], 64)
		f.set("node", m[0], where, limit*n/100)
		return
	}
	if m := lastMatch(oldSpaceRE, text); m != nil {
		n, _ := strconv.ParseFloat(m[1], 64)
		f.set("node", m[0], where, n*(1<<20))
	}
}

func lastMatch(re *regexp.Regexp, text string) []string {
	all := re.FindAllStringSubmatch(text, -1)
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1]
}

// javaSize reads a size as the JVM does: a number with k, m, g or t, in powers of 1024.
func javaSize(n, unit string) float64 {
	v, _ := strconv.ParseFloat(n, 64)
	return v * map[string]float64{"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}[strings.ToLower(unit)]
}
