package incidents

import (
	"math/rand/v2"
	"time"
)

// texture is what differs between sites and has no part in the cause: a reader has to stand all of it. Small
// bundles have none.
type texture struct {
	rng *rand.Rand
	// splitTraffic says that the traffic comes in several series.
	splitTraffic bool
	// gap is a stretch without scrapes, well before the kill.
	gap [2]time.Time
	// nan says that some samples are not a number.
	nan bool
	// eventSeries says that events carry eventTime and a series instead of first and last timestamps.
	eventSeries bool
	// crlf says that the kernel log went through a Windows machine.
	crlf bool
	// hints says that a journal holds what systemd and the runtime say of a kill.
	hints bool
}

// chooseTexture draws the texture, and now and then a rarer platform, apart from what the kind draws.
func (s *scene) chooseTexture() {
	if s.opt.Small {
		return
	}
	r := newRand(s.kind.Name+" texture", s.seed)
	one := func(in int) bool { return r.IntN(in) == 0 }
	s.texture = texture{
		rng: r, splitTraffic: one(4), nan: one(6), eventSeries: one(4), crlf: one(12), hints: one(2),
	}
	if one(4) {
		from := s.ago(time.Duration(float64(s.window) * (0.3 + 0.5*r.Float64())))
		s.texture.gap = [2]time.Time{from, from.Add(time.Duration(2+r.IntN(9)) * time.Minute)}
	}
	if rare := rarePlatforms(); one(5) {
		if p := rare[r.IntN(len(rare))]; s.kind.on == nil || s.kind.on(p) {
			s.plat = p
		}
	}
}

// scraped says that there was a scrape at a moment.
func (s *scene) scraped(t time.Time) bool {
	return t.Before(s.texture.gap[0]) || !t.Before(s.texture.gap[1])
}

// scrapes are the moments of the metrics' samples.
func (s *scene) scrapes() []time.Time {
	var ts []time.Time
	for t := s.alertAt.Add(-s.window); !t.After(s.to); t = t.Add(s.step) {
		if s.scraped(t) {
			ts = append(ts, t)
		}
	}
	return ts
}

// sampled is a sample's value as it was recorded.
func (s *scene) sampled(value string) string {
	if s.texture.nan && s.texture.rng.IntN(300) == 0 {
		return "NaN"
	}
	return value
}

// rarePlatforms have paths of cgroups that are met less often.
func rarePlatforms() []platform {
	k := kernel{release: "6.8.0-51-generic", osImage: "Debian GNU/Linux 12 (bookworm)", gen: 608}
	base := platform{kernel: k, cgroup: 2, systemd: true, runtime: "containerd", runtimeVersion: "containerd://2.1.3", kubelet: "v1.33.2", kubeletMinor: 33}
	kind, crun, mismatch, rooted := base, base, base, base
	kind.paths = "nested"
	crun.paths, crun.runtime, crun.runtimeVersion = "crun", "cri-o", "cri-o://1.33.2"
	mismatch.paths = "mismatch"
	rooted.paths = "rooted"
	return []platform{kind, crun, mismatch, rooted}
}
