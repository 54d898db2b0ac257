using System.Diagnostics;
using System.Text.Json;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.Tests.Configuration;

/// <summary>The schema that editors use says the same as the reader, except for what only the reader can see.</summary>
public sealed class SchemaTests
{
    [Fact]
    public void The_schema_has_the_keys_that_the_reader_knows()
    {
        using var schema = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Config, "site.schema.json")));

        var sections = schema.RootElement.GetProperty("$defs").EnumerateObject()
            .Where(definition => definition.Value.TryGetProperty("properties", out _))
            .ToDictionary(definition => definition.Name, definition => definition.Value.GetProperty("properties").EnumerateObject()
                .Select(property => property.Name).Order(StringComparer.Ordinal).ToArray());

        Assert.Equal(KnownKeys.BySection.Keys.Order(StringComparer.Ordinal), sections.Keys.Order(StringComparer.Ordinal));
        Assert.All(sections, section => Assert.Equal(KnownKeys.BySection[section.Key].Order(StringComparer.Ordinal), section.Value));
    }

    [Fact]
    public async Task Schema_and_reader_judge_every_file_alike()
    {
        var files = Directory.GetFiles(Repository.Config, "*.yaml", SearchOption.AllDirectories).Concat(Directory.GetFiles(Repository.Cases, "*.yaml"))
            .Order(StringComparer.Ordinal).ToArray();

        var refused = await RefusedBySchemaAsync(files, TestContext.Current.CancellationToken);

        var disagreements = files.Where(file => ShouldBeRefused(file) != refused.ContainsKey(file))
            .Select(file => $"{Path.GetFileName(file)}: {refused.GetValueOrDefault(file, "accepted by the schema")}");
        Assert.Empty(disagreements);
        Assert.True(refused.Count > 50);
    }

    private static bool ShouldBeRefused(string file)
    {
        var first = File.ReadLines(file).First();
        return first.StartsWith("# bad", StringComparison.Ordinal) && !first.StartsWith("# bad beyond the schema", StringComparison.Ordinal);
    }

    private static async Task<Dictionary<string, string>> RefusedBySchemaAsync(string[] files, CancellationToken cancellationToken)
    {
        Counterpart.RequireFile("/usr/lib/python3/dist-packages/jsonschema/__init__.py", "python3-jsonschema");
        Counterpart.RequireFile("/usr/lib/python3/dist-packages/yaml/__init__.py", "python3-yaml");
        var start = new ProcessStartInfo("/usr/bin/python3") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add(Path.Combine(Repository.Root, "tests", "IsoCatalog.Tests", "Configuration", "judge_by_schema.py"));
        start.ArgumentList.Add(Path.Combine(Repository.Config, "site.schema.json"));
        foreach (var file in files)
        {
            start.ArgumentList.Add(file);
        }

        using var python = Process.Start(start)!;
        var errors = python.StandardError.ReadToEndAsync(cancellationToken);
        var output = await python.StandardOutput.ReadToEndAsync(cancellationToken);
        await python.WaitForExitAsync(cancellationToken);
        Assert.True(python.ExitCode == 0, await errors);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t', 2)).ToDictionary(parts => parts[0], parts => parts[1]);
    }
}
