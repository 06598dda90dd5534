package profiles

import (
	"encoding/binary"
	"errors"
)

// errFormat says that data is no protocol buffer.
var errFormat = errors.New("it is no profile in pprof's format")

// What the parsed parts of a profile take in memory, in bytes and roughly, from above.
const (
	costPart   = 200 // a sample, mapping, location or function
	costField  = 64  // a field of one: a label, a line, a number
	costNumber = 16  // a byte of packed numbers
	costString = 80
)

// weigh returns about how much memory a profile takes when it is parsed. Two bytes can ask for two hundred:
// the size of the data alone bounds nothing.
func weigh(data []byte) (int64, error) {
	var total int64
	err := fields(data, func(number uint64, value []byte) error {
		switch number {
		case 2, 3, 4, 5: // sample, mapping, location, function
			total += costPart
			return fields(value, func(_ uint64, value []byte) error {
				total += costField + int64(len(value))*costNumber
				return nil
			})
		case 6: // string_table
			total += costString
		}
		total += int64(len(value))
		return nil
	})
	return total, err
}

// fields calls visit for each field of a message; value is empty for a number.
func fields(data []byte, visit func(number uint64, value []byte) error) error {
	for len(data) > 0 {
		tag, n := binary.Uvarint(data)
		if n <= 0 || tag>>3 == 0 {
			return errFormat
		}
		data = data[n:]
		var value []byte
		skip := uint64(0)
		switch tag & 7 {
		case 0:
			_, n := binary.Uvarint(data)
			if n <= 0 {
				return errFormat
			}
			skip = uint64(n)
		case 1:
			skip = 8
		case 2:
			size, n := binary.Uvarint(data)
			if n <= 0 || size > uint64(len(data)-n) {
				return errFormat
			}
			value = data[n : n+int(size)]
			skip = uint64(n) + size
		case 5:
			skip = 4
		default:
			return errFormat
		}
		if skip > uint64(len(data)) {
			return errFormat
		}
		data = data[skip:]
		if err := visit(tag>>3, value); err != nil {
			return err
		}
	}
	return nil
}
