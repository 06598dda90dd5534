package blocks

var richStyle = object(nil, map[string]check{
	"bold": boolean, "italic": boolean, "strike": boolean, "code": boolean, "underline": boolean,
	"highlight": boolean, "client_highlight": boolean, "unlink": boolean,
})

// styled is a check of an element within a section of rich text.
func styled(required []string, own map[string]check) check {
	return object(append([]string{"type"}, required...), with(kind, map[string]check{"style": richStyle}, own))
}

var (
	richPlain = styled([]string{"text"}, map[string]check{"text": text(1, 12000)})
	richLink  = styled([]string{"url"}, map[string]check{"url": link, "text": text(0, maxText), "unsafe": boolean})
	richParts = typed(map[string]check{
		"text":      richPlain,
		"link":      richLink,
		"emoji":     styled([]string{"name"}, map[string]check{"name": text(1, maxID), "unicode": text(1, maxID), "skin_tone": integer(1, 6)}),
		"user":      styled([]string{"user_id"}, map[string]check{"user_id": slackID}),
		"channel":   styled([]string{"channel_id"}, map[string]check{"channel_id": slackID}),
		"usergroup": styled([]string{"usergroup_id"}, map[string]check{"usergroup_id": slackID}),
		"broadcast": styled([]string{"range"}, map[string]check{"range": oneOf("here", "channel", "everyone")}),
		"color":     styled([]string{"value"}, map[string]check{"value": text(1, maxID)}),
		"date": styled([]string{"timestamp", "format"}, map[string]check{
			"timestamp": integer(0, 9_999_999_999), "format": text(1, maxID), "url": link, "fallback": text(1, maxText),
		}),
	})
	richSection = object([]string{"type", "elements"}, with(kind, map[string]check{"elements": list(0, 1000, richParts)}))
	richText    = object([]string{"type", "elements"}, map[string]check{
		"type": oneOf("rich_text"), "block_id": blockID,
		"elements": list(1, 1000, typed(map[string]check{
			"rich_text_section": richSection,
			"rich_text_quote": object([]string{"type", "elements"}, with(kind, map[string]check{
				"elements": list(0, 1000, richParts), "border": integer(0, 1),
			})),
			"rich_text_preformatted": object([]string{"type", "elements"}, with(kind, map[string]check{
				"elements": list(0, 1000, typed(map[string]check{"text": richPlain, "link": richLink})), "border": integer(0, 1),
				"language": text(1, maxID),
			})),
			"rich_text_list": object([]string{"type", "elements", "style"}, with(kind, map[string]check{
				"elements": list(1, 1000, typed(map[string]check{"rich_text_section": richSection})),
				"style":    oneOf("bullet", "ordered"), "indent": integer(0, 8), "offset": integer(0, 1_000_000), "border": integer(0, 1),
			})),
		})),
	})
)
