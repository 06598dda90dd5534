package investigations

import "slices"

// WouldTell says what a source tells where it can be read, for blind spots.
func WouldTell(tool string) string {
	switch tool {
	case ToolKernlog:
		return "which memory boundary broke, which process was killed, and what held the memory at that moment"
	case ToolPods:
		return "how the container ended, what limits were in force, and what else ran on the node"
	case ToolRollouts:
		return "whether a change of the workload or its configuration came before the memory grew"
	case ToolMetrics:
		return "how memory developed before the kill, in this and in earlier lifetimes"
	case ToolLogs:
		return "what the program was doing when it was killed"
	case ToolProfiles:
		return "which functions hold the growth"
	case ToolMemory:
		return "whether this has happened before, and what helped"
	}
	return ""
}

// uncovered returns the blind spots of all other tools.
func uncovered(in []BlindSpot, tools []string) []BlindSpot {
	var out []BlindSpot
	for _, b := range in {
		if !slices.Contains(tools, b.Tool) {
			out = append(out, b)
		}
	}
	return out
}

// uniqueBlindSpots cleans the texts of in, says what each would have told where its tool did not, and drops
// repetitions.
func uniqueBlindSpots(in []BlindSpot) []BlindSpot {
	type key struct{ tool, why string }
	seen := map[key]bool{}
	out := []BlindSpot{}
	for _, b := range in {
		b.Why = CleanText(b.Why, 400)
		b.WouldTell = CleanText(b.WouldTell, 300)
		if b.WouldTell == "" {
			b.WouldTell = WouldTell(b.Tool)
		}
		if k := (key{b.Tool, b.Why}); !seen[k] {
			seen[k] = true
			out = append(out, b)
		}
	}
	return out
}
