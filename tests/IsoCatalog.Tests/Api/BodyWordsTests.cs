using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using IsoCatalog.Appliance.Api;
using IsoCatalog.Client;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.Tests.Api;

/// <summary>Why a body is not taken: in the words of docs/panel.md and the description, never in those of the program.</summary>
public sealed partial class BodyWordsTests
{
    private static readonly Dictionary<Type, string> Whole = new()
    {
        [typeof(LeaseRequest)] = """{"image":"x","surface":"bmc","client":"c","ttl":60}""",
        [typeof(LeaseRenewal)] = """{"ttl":60}""",
        [typeof(AliasRequest)] = """{"image":"x","keepVersions":3}""",
        [typeof(BlockRequest)] = """{"why":"x","endLeases":false}""",
        [typeof(AddRequest)] = $$"""{"path":"/x.iso","url":"u","name":"x.iso","sha256":"{{new string('0', 64)}}","title":"t","kind":"other","replace":false}""",
        [typeof(ImagePatch)] =
            """
            {"title":"t","titles":{"de":"t"},"kind":"other","group":"g","order":1,"os":{"family":"f","distro":"d","version":"1","edition":"e","language":"en"},
            "arch":["x86_64"],"tags":["x"],"hidden":false,"eolDate":"2030-01-01","owner":"o","protected":false,"offer":"asap"}
            """,
        [typeof(TakeBackRequest)] = """{"by":"nyc","since":"2030-01-01T00:00:00Z","dryRun":false}""",
        [typeof(PeerSetting)] = """{"peers":[{"site":"nyc","fleet":"127.0.0.1:1","swarm":"127.0.0.1:1"}]}""",
    };

    public static TheoryData<Type> Types => [.. Whole.Keys];

    [Theory]
    [InlineData(typeof(LeaseRenewal), """{"ttl":"60"}""", "ttl must be a whole number, and stand there once.")]
    [InlineData(typeof(LeaseRenewal), """{"ttl":1.5}""", "ttl must be a whole number, and stand there once.")]
    [InlineData(typeof(LeaseRenewal), """{"ttl":1,"ttl":2}""", "ttl must be a whole number, and stand there once.")]
    [InlineData(typeof(LeaseRenewal), """{"for":1}""", "The body has a member 'for', which is not known here. Known are ttl.")]
    [InlineData(typeof(LeaseRenewal), "[]", "The body must be an object with the members ttl.")]
    [InlineData(typeof(LeaseRenewal), "{", "The body is not JSON, or is nested too deeply, from line 1, byte 2 on.")]
    [InlineData(typeof(LeaseRequest), """{"image":{}}""", "image must be a text, and stand there once.")]
    [InlineData(typeof(ImagePatch), """{"hidden":"yes"}""", "hidden must be true or false, and stand there once.")]
    [InlineData(typeof(ImagePatch), """{"eolDate":"soon"}""", "eolDate must be a date such as 2030-12-31, and stand there once.")]
    [InlineData(typeof(ImagePatch), """{"titles":"x"}""", "titles must be an object whose members are texts, and stand there once.")]
    [InlineData(typeof(ImagePatch), """{"titles":{"x.y":1}}""", "titles.x.y must be a text, and stand there once.")]
    [InlineData(typeof(ImagePatch), """{"tags":["a",1]}""", "tags[1] must be a text, and stand there once.")]
    [InlineData(typeof(ImagePatch), """{"tags":1}""", "tags must be a list of texts, and stand there once.")]
    [InlineData(typeof(ImagePatch), """{"os":{"name":"x"}}""", "The body has a member 'os.name', which is not known here. Known are family, distro, version, edition, language.")]
    [InlineData(typeof(AddRequest), """{"sha256":"00"}""", "sha256 must be 64 hexadecimal digits, and stand there once.")]
    [InlineData(typeof(TakeBackRequest), """{"since":"now"}""", "since must be a time such as 2030-12-31T13:00:00Z, and stand there once.")]
    [InlineData(typeof(PeerSetting), """{"peers":[{"site":1}]}""", "peers[0].site must be a text, and stand there once.")]
    public void It_is_said_which_member_must_be_what(Type type, string json, string expected) => Assert.Equal(expected, Words(type, Encoding.UTF8.GetBytes(json)));

    [Theory]
    [MemberData(nameof(Types))]
    public void Whatever_is_wrong_is_said_without_a_word_of_the_program(Type type)
    {
        var whole = Whole[type];
        Assert.Null(Words(type, Encoding.UTF8.GetBytes(whole)));
        var bytes = Encoding.UTF8.GetBytes(whole);
        var broken = JsonChanges.Of(whole).Select(c => c.Json)
            .Concat(Enumerable.Range(0, bytes.Length).Select(i => bytes[..i]))
            .Concat(Enumerable.Range(0, bytes.Length).Select(i => (byte[])[.. bytes[..i], 0xFF, .. bytes[(i + 1)..]]))
            .Concat(Enumerable.Range(0, bytes.Length).Select(i => (byte[])[.. bytes[..i], .. "\"\\ud800\""u8, .. bytes[i..]]))
            .Append(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("""{"x":""", 40))))
            .Append(Encoding.UTF8.GetBytes($$"""{"{{new string('x', 5000)}}":1}"""))
            .Append(Encoding.UTF8.GetBytes("""{"x'] [y.z":1}"""));
        var seen = 0;
        foreach (var json in broken)
        {
            if (Words(type, json) is { } words)
            {
                seen++;
                Assert.DoesNotMatch(OfTheProgram(), words);
                Assert.InRange(words.Length, 10, 600);
                Assert.DoesNotContain("something else", words, StringComparison.Ordinal);
            }
        }

        Assert.True(seen > 20, $"{seen}");
    }

    /// <returns>Null when it is taken.</returns>
    private static string? Words(Type type, byte[] json)
    {
        var info = ApiJson.Default.GetTypeInfo(type)!;
        try
        {
            JsonSerializer.Deserialize(json, info);
            return null;
        }
        catch (JsonException e)
        {
            return BodyWords.Of(e, info);
        }
    }

    [GeneratedRegex(@"System\.|IsoCatalog\.|Int32|Nullable|\$\.|LineNumber|BytePosition|IReadOnly|Dictionary|Exception|Request\b|Utf8|converter", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex OfTheProgram();
}
