using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IsoCatalog.IntegrationTests.Api;
using YamlDotNet.RepresentationModel;

namespace IsoCatalog.IntegrationTests.Telemetry;

/// <summary>What deploy/ has for Prometheus and Grafana, as its readers see it.</summary>
internal static partial class AlertFiles
{
    public static string Folder { get; } = OpenApiDocumentTests.RepositoryFile("deploy/prometheus");

    public static string Rules { get; } = Path.Combine(Folder, "isocatalog.rules.yml");

    public static string RuleTests { get; } = Path.Combine(Folder, "isocatalog.rules.test.yml");

    public static IReadOnlyList<Alert> Alerts()
    {
        var root = Load(Rules);
        return
        [
            .. from @group in ((YamlSequenceNode)root["groups"]).Cast<YamlMappingNode>()
               from rule in ((YamlSequenceNode)@group["rules"]).Cast<YamlMappingNode>()
               select new Alert(
                   Text(rule["alert"]),
                   Text(rule["expr"]),
                   Text(rule["labels"]["severity"]),
                   ((YamlMappingNode)rule["annotations"]).ToDictionary(a => Text(a.Key), a => Text(a.Value), StringComparer.Ordinal)),
        ];
    }

    /// <summary>The series that the rules' own tests feed in.</summary>
    public static IReadOnlyList<string> TestedSeries() =>
    [
        .. from test in ((YamlSequenceNode)Load(RuleTests)["tests"]).Cast<YamlMappingNode>()
           from series in ((YamlSequenceNode)test["input_series"]).Cast<YamlMappingNode>()
           select Text(series["series"]),
    ];

    /// <summary>Every query of the dashboard, with its variables as Grafana would fill them in.</summary>
    public static async Task<IReadOnlyList<string>> QueriesAsync(CancellationToken cancellationToken)
    {
        var dashboard = JsonNode.Parse(await File.ReadAllTextAsync(OpenApiDocumentTests.RepositoryFile("deploy/grafana/isocatalog.json"), cancellationToken))!;
        return
        [
            .. from panel in dashboard["panels"]!.AsArray()
               where panel!["targets"] is not null
               from target in panel["targets"]!.AsArray()
               select target!["expr"]!.GetValue<string>()
                   .Replace("$__rate_interval", "5m", StringComparison.Ordinal).Replace("$instance", ".*", StringComparison.Ordinal),
        ];
    }

    /// <summary>The metrics that an expression names, each with the labels and values that it asks for there.</summary>
    public static IEnumerable<Selector> Selectors(string expression) => Metric().Matches(expression).Select(m => new Selector(
        m.Groups["name"].Value,
        [.. Matcher().Matches(m.Groups["labels"].Value).Select(l => (l.Groups["label"].Value, l.Groups["operator"].Value, l.Groups["value"].Value))]));

    /// <summary>Labels by which an expression groups or joins.</summary>
    public static IEnumerable<string> Grouping(string expression) => Group().Matches(expression)
        .SelectMany(m => m.Groups["labels"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    private static YamlMappingNode Load(string path)
    {
        var yaml = new YamlStream();
        using var text = File.OpenText(path);
        yaml.Load(text);
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value!;

    [GeneratedRegex(@"\b(?<name>(isocatalog|process|dotnet)_[a-z_]+|up)\b(\{(?<labels>[^}]*)\})?", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Metric();

    [GeneratedRegex("(?<label>[a-z_]+)(?<operator>=~|!~|!=|=)\"(?<value>[^\"]*)\"", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Matcher();

    [GeneratedRegex(@"\b(by|on|ignoring|without) *\((?<labels>[^)]*)\)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Group();

    internal sealed record Alert(string Name, string Expression, string Severity, IReadOnlyDictionary<string, string> Annotations);

    internal sealed record Selector(string Name, IReadOnlyList<(string Label, string Operator, string Value)> Labels);
}
