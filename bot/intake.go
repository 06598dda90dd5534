package bot

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/oombot/oombot/investigations"
)

// ItemKind is the kind of the inbox items whose payload is an Event.
const ItemKind = "bot"

// Receiver is who takes events off what receives them.
type Receiver interface {
	// Wants says whether an event is of use at all: what is not, as people's talk in a channel, is not stored. It
	// returns at once.
	Wants(e Event) bool
	// Wake says that an event was written to the inbox. It returns at once.
	Wake()
	// Pressed is told of a press at once, beside the inbox, since a dialog can be opened for three seconds only; trigger
	// is what opens it. It returns at once.
	Pressed(e Event, trigger string)
}

// Item returns the inbox item of an event under its natural key.
func Item(key string, e Event) (investigations.Item, error) {
	payload, err := json.Marshal(e)
	if err != nil {
		return investigations.Item{}, fmt.Errorf("write event %s: %w", e.Kind, err)
	}
	return investigations.Item{Key: key, Kind: ItemKind, Payload: payload, At: e.At}, nil
}

// Accept writes an event to the inbox unless it is of no use, and returns only when that is durable: then it may be
// acknowledged. An event whose key is there already is accepted again without effect.
func Accept(ctx context.Context, inbox investigations.Inbox, to Receiver, key string, e Event) error {
	if !to.Wants(e) {
		return nil
	}
	item, err := Item(key, e)
	if err != nil {
		return err
	}
	fresh, err := inbox.Put(ctx, item)
	if err != nil {
		return fmt.Errorf("write event %s to the inbox: %w", e.Kind, err)
	}
	if fresh {
		to.Wake()
	}
	return nil
}
