using System.Text.Json;
using System.Text.Json.Nodes;

namespace IsoCatalog.Testing;

/// <summary>One change of a JSON document.</summary>
/// <param name="Path">Where, with <c>*</c> for each position in a list.</param>
/// <param name="What">left out, null, or the JSON that stands there instead.</param>
public sealed record JsonChange(string Path, string What, byte[] Json)
{
    public const string LeftOut = "left out";

    public override string ToString() => $"{Path}: {What}";
}

/// <summary>
/// Every member of a document left out, null, of another type, empty and at its bounds, one at a time. Made from a document that has every member, so that one that
/// is added later is covered as soon as it is there.
/// </summary>
public static class JsonChanges
{
    private static readonly string[] Others =
    [
        "null", "\"\"", "\"x\"", "0", "-1", "1", "2147483648", "9007199254740991", "1.5", "true", "[]", "{}", "[null]", "[{}]", "{\"x\":null}", "{\"x\":{}}",
        "\"0001-01-01T00:00:00Z\"", "\"9999-12-31T23:59:59.9999999Z\"",
    ];

    public static IEnumerable<JsonChange> Of(string json)
    {
        foreach (var (path, pointer) in Places(JsonNode.Parse(json)!, "", []))
        {
            if (pointer[^1] is string)
            {
                yield return new JsonChange(path, JsonChange.LeftOut, Changed(json, pointer, null));
            }

            foreach (var other in Others)
            {
                yield return new JsonChange(path, other, Changed(json, pointer, other));
            }
        }
    }

    private static IEnumerable<(string Path, object[] Pointer)> Places(JsonNode node, string path, object[] pointer)
    {
        IEnumerable<(string Path, object Step, JsonNode? Node)> below = node switch
        {
            JsonObject members => members.Select(m => (path.Length == 0 ? m.Key : $"{path}.{m.Key}", (object)m.Key, m.Value)),
            JsonArray items => items.Select((item, i) => ($"{path}.*", (object)i, item)),
            _ => [],
        };
        foreach (var (name, step, child) in below)
        {
            object[] here = [.. pointer, step];
            yield return (name, here);
            if (child is not null)
            {
                foreach (var deeper in Places(child, name, here))
                {
                    yield return deeper;
                }
            }
        }
    }

    private static byte[] Changed(string json, object[] pointer, string? other)
    {
        var root = JsonNode.Parse(json)!;
        var parent = pointer[..^1].Aggregate(root, (node, step) => (step is string name ? node[name] : node[(int)step])!);
        if (pointer[^1] is string member)
        {
            if (other is null)
            {
                parent.AsObject().Remove(member);
            }
            else
            {
                parent[member] = JsonNode.Parse(other);
            }
        }
        else
        {
            parent[(int)pointer[^1]] = JsonNode.Parse(other!);
        }

        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            root.WriteTo(writer);
        }

        return bytes.ToArray();
    }
}
