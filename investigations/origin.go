package investigations

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// lineRange is what follows a file's path in a fact's source.
var lineRange = regexp.MustCompile(`:\d+(?:-\d+)?$`)

// rename replaces the places that r names by what a person finds in a running cluster. The lines of a recording's file say nothing there, those of a file that the person named do.
func (r *Result) rename(origins map[string]Origin) {
	if len(origins) == 0 {
		return
	}
	names := make([]string, 0, len(origins))
	for path := range origins {
		names = append(names, path)
	}
	// The longest first: a folder's path begins those of its files.
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	pairs := make([]string, 0, 2*len(names))
	for _, path := range names {
		if strings.Contains(path, ".") {
			pairs = append(pairs, path, origins[path].Name)
			continue
		}
		// A folder's name alone is a word like any other: with its slash it is a folder's.
		pairs = append(pairs, path+"/ ", origins[path].Name+" ")
	}
	text := strings.NewReplacer(pairs...)
	for i := range r.Facts {
		f := &r.Facts[i]
		f.Source = placeOf(f.Source, origins)
		f.Says = text.Replace(f.Says)
	}
	for i := range r.BlindSpots {
		r.BlindSpots[i].Why = text.Replace(r.BlindSpots[i].Why)
	}
	r.Verdict.Explanation = text.Replace(r.Verdict.Explanation)
}

// placeOf returns where a person finds what source names; source itself where nobody says.
func placeOf(source string, origins map[string]Origin) string {
	lines := lineRange.FindString(source)
	if folder, ok := strings.CutSuffix(source, "/"); ok {
		return CleanText(sourceOf(folder, origins), 300)
	}
	o, ok := origins[strings.TrimSuffix(source, lines)]
	switch {
	case !ok:
		return source
	case o.File:
		return CleanText(o.Source, 300) + lines
	}
	return CleanText(o.Source, 300)
}

// mostPlaces is how many places stand for a folder.
const mostPlaces = 3

// sourceOf says where what a folder holds came from.
func sourceOf(folder string, origins map[string]Origin) string {
	var places []string
	for path, o := range origins {
		if strings.HasPrefix(path, folder+"/") && o.Source != "" {
			places = append(places, o.Source)
		}
	}
	if len(places) > 0 {
		slices.Sort(places)
		places = slices.Compact(places)
		return strings.Join(places[:min(len(places), mostPlaces)], "; ")
	}
	if o, ok := origins[folder]; ok {
		return o.Source
	}
	return folder + "/"
}
