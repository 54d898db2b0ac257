using System.Text.Json;
using System.Text.Json.Serialization;

namespace IsoCatalog.Benchmarks;

/// <summary>The table for programs: an array with one object for each row, which has <c>error</c> instead of figures where there are none.</summary>
internal static class BenchmarkJson
{
    public static string Write(IEnumerable<BenchmarkResult> results) =>
        JsonSerializer.Serialize([.. results.Select(Line.Of)], BenchmarkJsonContext.Default.LineArray);

    internal sealed record Line(
        string Row, double? Ours, double? Peer, string PeerName, string Unit, double? Ratio, double? Target, int Runs, Spread? Spread, string? Error)
    {
        public static Line Of(BenchmarkResult result) => result.Error is null
            ? new Line(
                result.Name,
                Round(result.Ours.Median),
                Round(result.Peer.Median),
                result.PeerName,
                result.Row.Unit,
                Round(result.Ratio),
                result.Target,
                result.Runs,
                new Spread([Round(result.Ours.Least), Round(result.Ours.Most)], [Round(result.Peer.Least), Round(result.Peer.Most)]),
                Error: null)
            : new Line(result.Name, null, null, result.PeerName, result.Row.Unit, null, result.Target, 0, null, result.Error);

        private static double Round(double figure) => Math.Round(figure, 4);
    }

    internal sealed record Spread(double[] Ours, double[] Peer);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.Never)]
[JsonSerializable(typeof(BenchmarkJson.Line[]))]
internal sealed partial class BenchmarkJsonContext : JsonSerializerContext;
