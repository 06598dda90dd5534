package blocks

import "maps"

// with returns the fields of all sets in one.
func with(sets ...map[string]check) map[string]check {
	all := map[string]check{}
	for _, s := range sets {
		maps.Copy(all, s)
	}
	return all
}

// kind is the field that names an object's type; typed has compared it already.
var kind = map[string]check{"type": anything}

var (
	interactive = with(kind, map[string]check{"action_id": actionID, "confirm": confirm})
	focusable   = with(interactive, map[string]check{"focus_on_load": boolean})
	placed      = with(focusable, map[string]check{"placeholder": plain(150)})
	// What people type into has no confirmation.
	typedInto = with(kind, map[string]check{
		"action_id": actionID, "focus_on_load": boolean, "placeholder": plain(150), "dispatch_action_config": dispatch,
		"initial_value": text(0, maxText),
	})
)

// menu is a check of a select menu; its own fields are added to those of all menus.
func menu(required []string, own map[string]check) check {
	return object(append([]string{"type"}, required...), with(placed, own))
}

// multi is a check of a select menu that takes several.
func multi(required []string, own map[string]check) check {
	return menu(required, with(own, map[string]check{"max_selected_items": integer(1, 100)}))
}

var image = all(object([]string{"type", "alt_text"}, map[string]check{
	"type": anything, "image_url": link, "alt_text": text(1, 2000), "slack_file": slackFile,
}), exactlyOne("image_url", "slack_file"))

var button = object([]string{"type", "text"}, with(interactive, map[string]check{
	"text": plain(maxLabel), "url": link, "value": text(1, 2000), "style": oneOf("primary", "danger"),
	"accessibility_label": text(1, maxLabel),
}))

// pickers are the elements that an action, an accessory and an input share.
var pickers = map[string]check{
	"static_select": all(menu(nil, map[string]check{
		"options": list(1, 100, plainOption), "option_groups": list(1, 100, optionGroup), "initial_option": plainOption,
	}), exactlyOne("options", "option_groups")),
	"external_select":      menu(nil, map[string]check{"initial_option": plainOption, "min_query_length": integer(0, maxText)}),
	"users_select":         menu(nil, map[string]check{"initial_user": slackID}),
	"conversations_select": menu(nil, conversations(map[string]check{"initial_conversation": slackID, "response_url_enabled": boolean})),
	"channels_select":      menu(nil, map[string]check{"initial_channel": slackID, "response_url_enabled": boolean}),
	"multi_static_select": all(multi(nil, map[string]check{
		"options": list(1, 100, plainOption), "option_groups": list(1, 100, optionGroup),
		"initial_options": list(1, 100, plainOption),
	}), exactlyOne("options", "option_groups")),
	"multi_external_select": multi(nil, map[string]check{
		"initial_options": list(1, 100, plainOption), "min_query_length": integer(0, maxText),
	}),
	"multi_users_select":         multi(nil, map[string]check{"initial_users": list(1, 100, slackID)}),
	"multi_conversations_select": multi(nil, conversations(map[string]check{"initial_conversations": list(1, 100, slackID)})),
	"multi_channels_select":      multi(nil, map[string]check{"initial_channels": list(1, 100, slackID)}),
	"datepicker":                 object([]string{"type"}, with(placed, map[string]check{"initial_date": text(10, 10)})),
	"timepicker": object([]string{"type"}, with(placed, map[string]check{
		"initial_time": text(5, 5), "timezone": text(1, maxID),
	})),
	"datetimepicker": object([]string{"type"}, with(focusable, map[string]check{
		"initial_date_time": integer(1_000_000_000, 9_999_999_999),
	})),
	"checkboxes": object([]string{"type", "options"}, with(focusable, map[string]check{
		"options": list(1, 10, eitherOption), "initial_options": list(1, 10, eitherOption),
	})),
	"radio_buttons": object([]string{"type", "options"}, with(focusable, map[string]check{
		"options": list(1, 10, eitherOption), "initial_option": eitherOption,
	})),
}

func conversations(own map[string]check) map[string]check {
	return with(own, map[string]check{"default_to_current_conversation": boolean, "filter": filter})
}

var overflow = object([]string{"type", "options"}, with(interactive, map[string]check{"options": list(1, 5, overflowOption)}))

// actions are the elements of an actions block, accessories those beside a section.
var (
	actions     = with(pickers, map[string]check{"button": button, "overflow": overflow})
	accessories = with(actions, map[string]check{"image": image})
)

// inputs are the elements of an input block.
var inputs = with(pickers, map[string]check{
	"plain_text_input": object([]string{"type"}, with(typedInto, map[string]check{
		"multiline": boolean, "min_length": integer(0, maxText), "max_length": integer(1, maxText),
	})),
	"email_text_input": object([]string{"type"}, typedInto),
	"url_text_input":   object([]string{"type"}, typedInto),
	"number_input": object([]string{"type", "is_decimal_allowed"}, with(typedInto, map[string]check{
		"is_decimal_allowed": boolean, "min_value": text(1, maxID), "max_value": text(1, maxID),
	})),
	"rich_text_input": object([]string{"type"}, with(typedInto, map[string]check{"initial_value": richText})),
	"file_input": object([]string{"type"}, with(kind, map[string]check{
		"action_id": actionID, "filetypes": list(1, 100, text(1, maxID)), "max_files": integer(1, 10),
	})),
})

var feedbackButton = object([]string{"text", "value"}, map[string]check{
	"text": plain(maxLabel), "value": text(1, 2000), "accessibility_label": text(1, maxLabel),
})

// contextActions are the elements of a context_actions block.
var contextActions = map[string]check{
	"feedback_buttons": object([]string{"type", "positive_button", "negative_button"}, with(kind, map[string]check{
		"action_id": actionID, "positive_button": feedbackButton, "negative_button": feedbackButton,
	})),
	"icon_button": object([]string{"type", "icon", "text"}, with(interactive, map[string]check{
		"icon": oneOf("trash"), "text": plain(maxLabel), "value": text(1, 2000),
		"accessibility_label": text(1, maxLabel), "visible_to_user_ids": list(0, 100, slackID),
	})),
}
