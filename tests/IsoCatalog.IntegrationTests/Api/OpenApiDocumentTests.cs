using System.Text.Json;
using System.Text.Json.Nodes;
using IsoCatalog.Client;
using Xunit;

namespace IsoCatalog.IntegrationTests.Api;

public sealed class OpenApiDocumentTests(SharedSite shared) : IClassFixture<SharedSite>
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = LetterEncoder.Instance };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_committed_description_is_that_of_the_running_site()
    {
        var served = (await shared.Caller.GetAsync("/openapi/v1.json")).Json.ToJsonString(Indented) + "\n";
        var committed = RepositoryFile("docs/api/openapi.json");
        if (File.Exists(committed) && JsonNode.DeepEquals(JsonNode.Parse(served), JsonNode.Parse(await File.ReadAllTextAsync(committed, Cancel))))
        {
            return;
        }

        var fresh = Path.Combine(Path.GetTempPath(), $"isocatalog-openapi-{Guid.NewGuid():N}.json");
        await File.WriteAllTextAsync(fresh, served, Cancel);
        Assert.Fail($"The API and docs/api/openapi.json differ. If the change is meant: cp {fresh} {committed}");
    }

    [Fact]
    public async Task A_client_can_be_made_from_it()
    {
        var document = (await shared.Caller.GetAsync("/openapi/v1.json")).Json;
        var operations = document["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject()).Select(o => o.Value!).ToList();

        Assert.Equal(operations.Count, operations.Select(o => o["operationId"]!.GetValue<string>()).Distinct().Count());
        Assert.All(operations, o =>
        {
            Assert.NotEmpty(o["summary"]!.GetValue<string>());
            foreach (var status in new[] { "401", "403", "429" })
            {
                Assert.NotNull(o["responses"]![status]!["content"]!["application/problem+json"]);
            }

            Assert.All(o["parameters"]?.AsArray() ?? [], p => Assert.NotEmpty(p!["description"]!.GetValue<string>()));
        });
        Assert.All(References(document), name => Assert.NotNull(document["components"]!["schemas"]![name]));
        Assert.Equal(
            "binary",
            document["paths"]!["/api/v1/images"]!["post"]!["requestBody"]!["content"]!["application/octet-stream"]!["schema"]!["format"]!.GetValue<string>());
        Assert.Equal("bearer", document["components"]!["securitySchemes"]!["token"]!["scheme"]!.GetValue<string>());
    }

    [Fact]
    public async Task What_is_answered_has_the_members_that_are_required_and_no_others()
    {
        var document = (await shared.Caller.GetAsync("/openapi/v1.json")).Json;
        foreach (var (path, schema) in new[]
        {
            ("/api/v1/available?surface=bmc", "AvailableAnswer"), ("/api/v1/images", "ImageList"), ("/api/v1/images/debian.iso", "ImageView"),
            ("/api/v1/leases", "LeaseList"), ("/api/v1/aliases", "AliasList"), ("/api/v1/status", "StatusView"), ("/api/v1/jobs", "JobList"), ("/api/v1/drift", "DriftList"),
            ("/api/v1/retired", "RetiredList"), ("/api/v1/sites", "SiteList"), ("/api/v1/transfers", "TransferList"), ("/api/v1/nothing", "Problem"),
        })
        {
            Check((await shared.Caller.GetAsync(path)).Json, document["components"]!["schemas"]![schema]!, path);
        }

        void Check(JsonNode? value, JsonNode schema, string where)
        {
            if (schema["oneOf"] is JsonArray choices)
            {
                schema = choices.First(c => c!["type"]?.ToString() != "null")!;
            }

            if (schema["$ref"] is { } reference)
            {
                schema = document["components"]!["schemas"]![reference.GetValue<string>().Split('/')[^1]]!;
            }

            switch (value)
            {
                case JsonObject members when schema["properties"] is JsonObject known:
                    Assert.All(schema["required"]?.AsArray() ?? [], r => Assert.True(members.ContainsKey(r!.GetValue<string>()), $"{where} has no {r}"));
                    Assert.All(members, m => Assert.True(known.ContainsKey(m.Key), $"{where} has {m.Key}, which is not described"));
                    foreach (var (name, member) in members)
                    {
                        Check(member, known[name]!, $"{where}.{name}");
                    }

                    break;
                case JsonArray items:
                    foreach (var item in items)
                    {
                        Check(item, schema["items"]!, where + "[]");
                    }

                    break;
                case JsonValue text when schema["pattern"] is { } pattern:
                    Assert.Matches(pattern.GetValue<string>(), text.ToString());
                    break;
                default:
                    break;
            }
        }
    }

    internal static string RepositoryFile(string name)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "IsoCatalog.sln")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder.FullName, name);
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject o => o.SelectMany(m => m.Key == "$ref" ? [m.Value!.GetValue<string>().Split('/')[^1]] : References(m.Value)),
        JsonArray a => a.SelectMany(References),
        _ => [],
    };
}
