package bot

// The ids of what can be pressed on a card. The value of each is the incident's ID.
const (
	ActionUp       = "verdict_up"
	ActionDown     = "verdict_down"
	ActionEvidence = "evidence"
	ActionRerun    = "rerun"
	ActionSimilar  = "similar"
	ActionFixed    = "mark_fixed"
	ActionRaw      = "show_raw"
	// ActionAnyway investigates what was folded into an incident by itself.
	ActionAnyway = "investigate_anyway"
)

// The dialog that a thumbs-down opens, its context is the incident's ID; and the ids of its inputs.
const (
	FormFeedback  = "feedback"
	InputCause    = "cause"
	InputNote     = "note"
	ShortcutAlert = "investigate_message"
)
