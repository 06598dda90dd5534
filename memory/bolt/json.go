package bolt

import (
	"encoding/json"
	"fmt"
)

// jsonVersion is the version of the records in the buckets inbox, work and shelf.
const jsonVersion = 1

// encodeJSON returns the record of a small struct.
func encodeJSON(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return append([]byte{jsonVersion}, b...), nil
}

// decodeJSON reads a record. What it returns shares no memory with it.
func decodeJSON(record []byte, v any) error {
	if len(record) == 0 || record[0] != jsonVersion {
		return fmt.Errorf("a record is stored in a way that is not known")
	}
	return json.Unmarshal(record[1:], v)
}
