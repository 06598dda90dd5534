package alerts_test

import (
	"fmt"

	"github.com/oombot/oombot/bot"
	"github.com/oombot/oombot/bot/alerts"
)

func ExampleTargets() {
	for _, t := range alerts.Targets("Pod shop/checkout-7c9d8f6b5-x2x4p (checkout) was OOMKilled on node n7") {
		fmt.Println(t)
	}
	// Output:
	// shop/checkout-7c9d8f6b5-x2x4p/checkout
	// node/n7
}

func ExampleWorkloadGuess() {
	fmt.Println(alerts.WorkloadGuess("checkout-7c9d8f6b5-x2x4p"), alerts.WorkloadGuess("db-0"), alerts.WorkloadGuess("redis-6379"))
	// Output: checkout db redis-6379
}

func ExampleFromPost() {
	found, ok := alerts.FromPost(bot.Event{
		Kind: bot.EventEdited, Channel: "C0123", TS: "1772590805.000100", Author: &bot.Author{BotID: "B0PAGER"},
		Text: "Resolved #1207: cart is crash looping", Links: []string{"https://acme.pagerduty.com/incidents/Q285NZXJG65XDH"},
	})
	fmt.Println(ok, found[0].Source, found[0].ID, found[0].Resolved)
	// Output: true pagerduty Q285NZXJG65XDH true
}

func ExampleMute() {
	glob, muted := alerts.Mute([]string{"Watchdog", "shop/*"}, bot.Alert{Name: "KubePodCrashLooping", Targets: alerts.Targets("pod=cart-0 namespace=shop")})
	fmt.Println(glob, muted)
	// Output: shop/* true
}
