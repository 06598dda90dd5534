package slackio

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/oombot/oombot/bot"
)

const (
	// keptFor is how long it is remembered who somebody is and who is in a group.
	keptFor = 10 * time.Minute
	// keptMost bounds how much is remembered.
	keptMost = 10000
)

// Person implements bot.Slack. What Slack said holds for ten minutes.
func (c *Client) Person(ctx context.Context, user string) (bot.Person, error) {
	if p, ok := c.people.get(user); ok {
		return p, nil
	}
	self, err := c.Self(ctx)
	if err != nil {
		return bot.Person{}, err
	}
	var p bot.Person
	err = c.do(ctx, "users.info", func(api *slack.Client) error {
		u, err := api.GetUserInfoContext(ctx, user)
		if err != nil {
			return err
		}
		p = person(self, *u)
		return nil
	})
	if err != nil {
		return bot.Person{}, err
	}
	c.people.put(user, p)
	return p, nil
}

func person(self Self, u slack.User) bot.Person {
	name := u.Profile.DisplayName
	for _, n := range []string{u.Profile.RealName, u.RealName, u.Name} {
		if name == "" {
			name = n
		}
	}
	other := u.TeamID != "" && self.Team != "" && u.TeamID != self.Team
	// In an organisation of several workspaces a colleague may be of another one.
	if self.Enterprise != "" && u.Enterprise.EnterpriseID == self.Enterprise {
		other = false
	}
	return bot.Person{
		ID: u.ID, Name: clean(cut(name, 200)),
		Guest: u.IsRestricted || u.IsUltraRestricted, Stranger: u.IsStranger || other, Bot: u.IsBot,
	}
}

// Members implements bot.Slack. What Slack said holds for ten minutes.
func (c *Client) Members(ctx context.Context, group string) ([]string, error) {
	if list, ok := c.members.get(group); ok {
		return slices.Clone(list), nil
	}
	var list []string
	err := c.do(ctx, "usergroups.users.list", func(api *slack.Client) error {
		var err error
		list, err = api.GetUserGroupMembersContext(ctx, group)
		return err
	})
	if err != nil {
		return nil, err
	}
	c.members.put(group, list)
	return slices.Clone(list), nil
}

// cache remembers values for a while. It is safe for concurrent use.
type cache[V any] struct {
	now  func() time.Time
	mu   sync.Mutex
	held map[string]kept[V]
}

type kept[V any] struct {
	value V
	until time.Time
}

func newCache[V any](now func() time.Time) *cache[V] {
	return &cache[V]{now: now, held: map[string]kept[V]{}}
}

func (c *cache[V]) get(key string) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.held[key]
	if !ok || !c.now().Before(k.until) {
		var none V
		return none, false
	}
	return k.value, true
}

func (c *cache[V]) put(key string, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.held) >= keptMost {
		clear(c.held)
	}
	c.held[key] = kept[V]{value: value, until: c.now().Add(keptFor)}
}
