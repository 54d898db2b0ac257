using System.Text.Json;
using System.Text.Json.Serialization;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Client;
using IsoCatalog.Simulators.Engine;

namespace IsoCatalog.Appliance.Commands;

/// <summary>Where a site that just started really listens; read by whoever started it.</summary>
internal sealed record SiteAddresses(string Api, string? Iso, string? Fleet = null, string? Swarm = null);

internal sealed record StartProblem(string Code, string Message);

/// <param name="RootKeys">Made, or used, for the fleet that was founded.</param>
/// <param name="Fingerprint">Of the join request, to be compared by another way than the one that the request takes.</param>
internal sealed record InitReport(
    string Site,
    string Config,
    string Data,
    string? AdminToken,
    IReadOnlyList<string>? RootKeys = null,
    string? JoinRequest = null,
    string? Fingerprint = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SiteAddresses))]
[JsonSerializable(typeof(StartProblem))]
[JsonSerializable(typeof(InitReport))]
[JsonSerializable(typeof(DemoReport))]
[JsonSerializable(typeof(NewToken))]
[JsonSerializable(typeof(EngineState))]
internal sealed partial class StartJson : JsonSerializerContext
{
    public static StartJson Readable => field ??= new StartJson(new JsonSerializerOptions(Default.Options) { Encoder = LetterEncoder.Instance });
}

/// <summary>What an operator reads when a site cannot start because of its configuration.</summary>
internal static class StartReport
{
    public static int Print(IReadOnlyList<ConfigurationProblem> problems, string file)
    {
        foreach (var problem in problems)
        {
            Console.Error.WriteLine("error: " + problem.Describe(file));
        }

        return ExitCode.ConfigurationInvalid;
    }

    public static void PrintWarnings(ConfigurationResult.Loaded loaded)
    {
        foreach (var warning in loaded.Warnings)
        {
            Console.Error.WriteLine("warning: " + warning.Describe(loaded.FileName));
        }
    }
}
