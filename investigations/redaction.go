package investigations

// redact passes every text of r that may hold something from outside through clean: sentences, reasons,
// errors, differences and the names that processes gave themselves. Other names and commands, which are built
// from checked fields, stay as they are.
func (r *Result) redact(clean func(string) string) {
	if clean == nil {
		return
	}
	for i := range r.Facts {
		r.Facts[i].Says = clean(r.Facts[i].Says)
		r.Facts[i].Source = clean(r.Facts[i].Source)
	}
	for i := range r.BlindSpots {
		r.BlindSpots[i].Why = clean(r.BlindSpots[i].Why)
	}
	for i := range r.Tools {
		r.Tools[i].Error = clean(r.Tools[i].Error)
	}
	for i := range r.Precedents {
		for j := range r.Precedents[i].Why {
			r.Precedents[i].Why[j] = clean(r.Precedents[i].Why[j])
		}
	}
	f := &r.Features
	f.Comm, f.Culprit = clean(f.Comm), clean(f.Culprit)
	for _, list := range [][]string{f.Changed, f.Functions} {
		for i := range list {
			list[i] = clean(list[i])
		}
	}
	v := &r.Verdict
	if v.Change != nil {
		for i := range v.Change.What {
			v.Change.What[i] = clean(v.Change.What[i])
		}
	}
	for _, p := range []*Party{v.Victim, v.Culprit} {
		if p != nil {
			p.Comm = clean(p.Comm)
		}
	}
	v.Headline, v.Explanation = clean(v.Headline), clean(v.Explanation)
	for i := range v.Recommendations {
		v.Recommendations[i].Note = clean(v.Recommendations[i].Note)
	}
}
