package investigations

import "context"

// blindTool is a tool of which more is known that it could not see.
type blindTool struct {
	Tool
	spots func(tool string) []BlindSpot
}

// WithBlindSpots returns t, whose answers have the blind spots in addition that spots returns for its name once t has
// answered.
func WithBlindSpots(t Tool, spots func(tool string) []BlindSpot) Tool { return blindTool{t, spots} }

// Query implements Tool.
func (b blindTool) Query(ctx context.Context, req Request) (ToolResult, error) {
	res, err := b.Tool.Query(ctx, req)
	if err == nil {
		res.BlindSpots = append(res.BlindSpots, b.spots(b.Describe().Name)...)
	}
	return res, err
}
