module github.com/oombot/oombot/e2e

go 1.26.0

require github.com/oombot/oombot v0.0.0

require github.com/oklog/ulid/v2 v2.1.2 // indirect

replace github.com/oombot/oombot => ..
