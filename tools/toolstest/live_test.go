package toolstest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oombot/oombot/investigations"
)

// livePets is the smallest live source that keeps every promise, but for its quirk.
type livePets struct {
	quirk string
	asked *atomic.Int64
}

func (p livePets) Describe() investigations.Description {
	d := investigations.Description{Name: investigations.ToolPods, Summary: "Reads about pets."}
	switch p.quirk {
	case "another name":
		d.Name = investigations.ToolLogs
	case "changing description":
		d.Summary += fmt.Sprint(p.asked.Add(1))
	}
	return d
}

func (p livePets) Record(ctx context.Context, s investigations.Subject, to investigations.Sink) error {
	const file = "kubernetes/pets.json"
	from := investigations.Origin{Name: "the list of pets", Source: "kubectl get pets"}
	data := `{"items": ["rex"]}`
	why := ctx.Err()
	switch p.quirk {
	case "fails":
		return errors.New("it broke")
	case "fails without a target":
		if s.Request.Target == (investigations.Target{}) {
			return errors.New("who?")
		}
	case "ignores the end of its time":
		if why != nil {
			time.Sleep(promptly + 100*time.Millisecond)
		}
	case "is silent about its time":
		if why != nil {
			return nil
		}
	case "keeps nothing":
		to.Miss(file, from, errors.New("no pets"))
		return nil
	case "keeps what nobody reads":
		to.Keep("kubernetes/other.json", from, []byte("{}"))
		return nil
	case "keeps a stray file":
		to.Keep("pets.json", from, nil)
	case "climbs out":
		to.Keep("kubernetes/../pets.json", from, nil)
	case "misses a stray file":
		to.Miss("pets/x", from, errors.New("no pets"))
	case "misses for no reason":
		to.Miss("kubernetes/cats.json", from, nil)
	case "no origin":
		from = investigations.Origin{}
	case "dirty origin":
		from.Source += "\x1b[31m"
	case "keeps a secret":
		data = `{"items": ["hunter2"]}`
	case "a secret in an origin":
		from.Source = "kubectl get pets --token hunter2"
	case "a secret in a reason":
		to.Miss("kubernetes/cats.json", from, errors.New("hunter2 is refused"))
	case "a secret in a blind spot":
		to.Blind(investigations.BlindSpot{Tool: investigations.ToolPods, Why: "hunter2 is refused", WouldTell: "x"})
	case "half a blind spot":
		to.Blind(investigations.BlindSpot{Tool: investigations.ToolPods, Why: "half"})
	case "changes":
		data = fmt.Sprintf(`{"items": ["rex %d"]}`, p.asked.Add(1))
	}
	if why != nil {
		to.Miss(file, from, fmt.Errorf("pets: %w", why))
		return nil
	}
	to.Keep(file, from, []byte(data))
	return nil
}

// readPets reads what livePets keep.
type readPets struct {
	pets
	fsys fs.FS
}

func (p readPets) Query(_ context.Context, _ investigations.Request) (investigations.ToolResult, error) {
	if _, err := fs.Stat(p.fsys, "kubernetes/pets.json"); err != nil {
		return investigations.ToolResult{}, nil
	}
	return investigations.ToolResult{Facts: []investigations.Fact{{Says: "a pet"}}}, nil
}

func liveOf(quirk string) liveSuite {
	asked := new(atomic.Int64)
	return liveSuite{
		newSource: func() investigations.LiveSource { return livePets{quirk, asked} },
		opts: LiveOptions{
			Subject: investigations.Subject{Request: investigations.Request{Target: investigations.Target{Namespace: "shop", Pod: "rex"}}},
			Read:    func(f fs.FS) investigations.Tool { return readPets{fsys: f} },
			Secrets: []string{"hunter2"},
		},
	}
}

func TestLiveSuiteTakesAGoodSource(t *testing.T) {
	for _, c := range liveChecks {
		if faults := c.run(liveOf("")); len(faults) > 0 {
			t.Errorf("%s: %q", c.name, faults)
		}
	}
}

// TestLiveSuiteFindsFaults proves of each check that it can fail.
func TestLiveSuiteFindsFaults(t *testing.T) {
	found := map[string]bool{}
	for quirk, check := range map[string]string{
		"another name": "description", "changing description": "description",
		"fails": "what is kept is read", "keeps nothing": "what is kept is read", "keeps what nobody reads": "what is kept is read",
		"keeps a stray file": "files are a bundle's", "climbs out": "files are a bundle's", "misses a stray file": "files are a bundle's",
		"misses for no reason": "files are a bundle's", "no origin": "files are a bundle's", "dirty origin": "files are a bundle's",
		"half a blind spot": "files are a bundle's",
		"keeps a secret":    "no secret is kept", "a secret in an origin": "no secret is kept", "a secret in a reason": "no secret is kept",
		"a secret in a blind spot": "no secret is kept",
		"changes":                  "same files twice", "fails without a target": "nothing is asked for",
		"ignores the end of its time": "cancelled before", "is silent about its time": "cancelled before",
	} {
		t.Run(quirk, func(t *testing.T) {
			for _, c := range liveChecks {
				if c.name != check {
					continue
				}
				found[check] = true
				if faults := c.run(liveOf(quirk)); len(faults) == 0 {
					t.Errorf("%s does not find it", check)
				}
			}
		})
	}
	if faults := liveOf("changes").sameConcurrently(); len(faults) == 0 || !strings.Contains(faults[0], "concurrently") {
		t.Errorf("changes, concurrently: %q", faults)
	}
	found["same files concurrently"] = true
	for _, c := range liveChecks {
		if !found[c.name] {
			t.Errorf("nothing proves that %q can fail", c.name)
		}
	}
}
