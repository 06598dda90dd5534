package modeltest

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// Error is what the API answers where it gives no answer. Zero Type, Param and Code stand for "invalid_request_error",
// null and null.
type Error struct {
	// Status is the HTTP status; 0 stands for 400.
	Status  int    `yaml:"-"`
	Message string `yaml:"message"`
	Type    string `yaml:"type"`
	Param   string `yaml:"param"`
	Code    string `yaml:"code"`
}

// invalidRequest is the type of the errors that a client makes.
const invalidRequest = "invalid_request_error"

// Error implements error.
func (e Error) Error() string {
	if e.Param == "" {
		return e.Message
	}
	return e.Param + ": " + e.Message
}

// status returns the HTTP status that goes with e.
func (e Error) status() int {
	if e.Status == 0 {
		return http.StatusBadRequest
	}
	return e.Status
}

// MarshalJSON writes e as the API does: all four fields, unknown ones as null.
func (e Error) MarshalJSON() ([]byte, error) {
	type body struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Param   *string `json:"param"`
		Code    *string `json:"code"`
	}
	b := body{Message: e.Message, Type: e.Type}
	if b.Type == "" {
		b.Type = invalidRequest
	}
	if e.Param != "" {
		b.Param = &e.Param
	}
	if e.Code != "" {
		b.Code = &e.Code
	}
	return json.Marshal(map[string]body{"error": b})
}

// invalid returns an error about one parameter.
func invalid(param, code, format string, args ...any) Error {
	return Error{Message: fmt.Sprintf(format, args...), Param: param, Code: code}
}

// statusError returns what the API says with a status, where a script gives no words of its own.
func statusError(status int) Error {
	e := Error{Status: status, Message: http.StatusText(status)}
	switch {
	case status == http.StatusUnauthorized:
		e.Message, e.Code = "Incorrect API key provided.", "invalid_api_key"
	case status == http.StatusNotFound:
		e.Message, e.Code = "The model does not exist or you do not have access to it.", "model_not_found"
	case status == http.StatusTooManyRequests:
		e.Message, e.Type, e.Code = "Rate limit reached for requests.", "requests", "rate_limit_exceeded"
	case status >= http.StatusInternalServerError:
		e.Message, e.Type = "The server had an error while processing your request.", "server_error"
	}
	return e
}
