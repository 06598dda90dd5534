// The emoji names that bots and the people around them use most; any other name stays as it was written.
const table = `
+1 👍 thumbsup 👍 -1 👎 thumbsdown 👎 eyes 👀 white_check_mark ✅ heavy_check_mark ✔️ x ❌ warning ⚠️ rotating_light 🚨 fire 🔥 boom 💥
bug 🐛 mag 🔍 mag_right 🔎 chart_with_upwards_trend 📈 chart_with_downwards_trend 📉 bar_chart 📊 memo 📝 pencil ✏️ pencil2 ✏️ bulb 💡 bell 🔔
no_bell 🔕 mute 🔇 hourglass ⌛ hourglass_flowing_sand ⏳ stopwatch ⏱️ alarm_clock ⏰ clock1 🕐 red_circle 🔴 large_red_circle 🔴 large_orange_circle 🟠 large_yellow_circle 🟡
large_green_circle 🟢 large_blue_circle 🔵 white_circle ⚪ black_circle ⚫ skull 💀 skull_and_crossbones ☠️ coffin ⚰️ tada 🎉 rocket 🚀 robot_face 🤖 wave 👋 pray 🙏
raised_hands 🙌 clap 👏 ok_hand 👌 muscle 💪 point_right 👉 point_left 👈 point_up ☝️ point_down 👇 thinking_face 🤔 smile 😄 smiley 😃 grinning 😀 slightly_smiling_face 🙂
joy 😂 sob 😭 cry 😢 sweat_smile 😅 weary 😩 scream 😱 heart ❤️ broken_heart 💔 star ⭐ sparkles ✨ zap ⚡ lock 🔒 unlock 🔓 key 🔑 link 🔗 paperclip 📎
package 📦 wrench 🔧 hammer 🔨 hammer_and_wrench 🛠️ gear ⚙️ computer 💻 floppy_disk 💾 cd 💿 file_folder 📁 open_file_folder 📂 page_facing_up 📄 clipboard 📋 pushpin 📌
calendar 📅 date 📅 books 📚 book 📖 label 🏷️ information_source ℹ️ question ❓ grey_question ❔ exclamation ❗ grey_exclamation ❕ no_entry ⛔ no_entry_sign 🚫 octagonal_sign 🛑
construction 🚧 arrow_up ⬆️ arrow_down ⬇️ arrow_right ➡️ arrow_left ⬅️ arrow_upper_right ↗️ arrow_lower_right ↘️ arrows_counterclockwise 🔄 repeat 🔁 recycle ♻️ fast_forward ⏩
arrow_forward ▶️ double_vertical_bar ⏸️ black_square_for_stop ⏹️ small_red_triangle 🔺 small_red_triangle_down 🔻 small_blue_diamond 🔹 small_orange_diamond 🔸 large_blue_square 🟦
ballot_box_with_check ☑️ heavy_plus_sign ➕ heavy_minus_sign ➖ heavy_multiplication_x ✖️ wastebasket 🗑️ speech_balloon 💬 thought_balloon 💭 loudspeaker 📢 mega 📣 see_no_evil 🙈
brain 🧠 jigsaw 🧩 dart 🎯 trophy 🏆 medal 🏅 seedling 🌱 droplet 💧 ocean 🌊 snowflake ❄️ sunny ☀️ cloud ☁️ umbrella ☔ whale 🐳 elephant 🐘 snake 🐍 coffee ☕ beer 🍺 pizza 🍕 test_tube 🧪
microscope 🔬 telescope 🔭 satellite 🛰️ battery 🔋 electric_plug 🔌 thermometer 🌡️ stethoscope 🩺 adhesive_bandage 🩹 ambulance 🚑 helmet_with_white_cross ⛑️ lifebuoy 🛟 shield 🛡️
`.trim().split(/\s+/);

const names = new Map();
for (let i = 0; i + 1 < table.length; i += 2) names.set(table[i], table[i + 1]);

/** What is shown for an emoji's name. */
export const emoji = (name) => names.get(name.split("::")[0]) ?? `:${name}:`;

/** Whether a name is known. */
export const known = (name) => names.has(name.split("::")[0]);

/** The reactions that the page offers. */
export const offered = ["+1", "-1", "eyes", "white_check_mark", "fire", "tada", "thinking_face", "heart"];
