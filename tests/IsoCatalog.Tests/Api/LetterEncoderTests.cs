using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Client;
using Xunit;

namespace IsoCatalog.Tests.Api;

public sealed class LetterEncoderTests
{
    [Theory]
    [InlineData("Debian 12, стабильный, 安定版, café")]
    [InlineData("a+b & c < d > e 'f' `g` = / ~ ²")]
    [InlineData("😀 👨‍👩‍👧‍👦 𠀀 नी한글")]
    public void Letters_and_signs_stay_as_they_are(string text) => Assert.Equal($"\"{text}\"", Written(text));

    [Theory]
    [InlineData("\"\\\n\t\0\u001b", "\\\"\\\\\\n\\t\\u0000\\u001B")]
    [InlineData("\u007f\u0085\u009b", "\\u007F\\u0085\\u009B")]
    [InlineData("a\u2028b\u2029c", "a\\u2028b\\u2029c")]
    [InlineData("iso\u202Eexe\u2066\u200F\u00AD\uFEFF", "iso\\u202Eexe\\u2066\\u200F\\u00AD\\uFEFF")]
    [InlineData("\uE000\U000F0000\U000E0041", "\\uE000\\uDB80\\uDC00\\uDB40\\uDC41")]
    public void What_nobody_sees_and_what_commands_is_escaped(string text, string json) => Assert.Equal($"\"{json}\"", Written(text));

    [Fact]
    public void Every_letter_of_every_script_stays()
    {
        for (var scalar = 0; scalar <= 0x10FFFF; scalar++)
        {
            if (Rune.IsValid(scalar) && Rune.IsLetterOrDigit(new Rune(scalar)))
            {
                Assert.False(LetterEncoder.Instance.WillEncode(scalar), $"U+{scalar:X4}");
            }
        }
    }

    [Fact]
    public void Every_text_comes_back_and_commands_nothing()
    {
        var texts = Gen.Elements("a", "\"", "\\", "\n", "é", "я", "安", "😀", "\u202E", "\u009b", "\uD800", "\uDC00", "<", "\0").ArrayOf().Select(string.Concat);
        Prop.ForAll(texts.ToArbitrary(), text =>
        {
            var json = Written(text);
            var bytes = JsonSerializer.SerializeToUtf8Bytes(Of(text), ApiJson.Readable.Problem);
            var back = JsonDocument.Parse(bytes).RootElement.GetProperty("detail").GetString();
            return back == Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) && !json.Any(c => char.IsControl(c) || c is '\u202E');
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    private static Problem Of(string text) => new("t", "t", 0, text);

    private static string Written(string text)
    {
        var json = JsonSerializer.Serialize(Of(text), ApiJson.Readable.Problem);
        const string Before = """{"type":"t","title":"t","status":0,"detail":""";
        return json[Before.Length..^1];
    }
}
