package redact

// JSON is a placeholder.
func JSON(data []byte) ([]byte, error) { return data, nil }
