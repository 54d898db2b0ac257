using System.Text.Json;
using System.Text.Json.Serialization;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Commands;

/// <summary>What <c>add --json</c> says of a file that was added.</summary>
/// <param name="Advertised">Null when nobody waited for it (--no-wait).</param>
/// <param name="Surfaces">Where the image stands on each surface of the site, when the wait ended.</param>
/// <param name="Warnings">What was found in the image; the first ones are the faults, where there are any.</param>
internal sealed record AddedFile(
    string File,
    ImageId Id,
    string Name,
    long Size,
    bool? Advertised,
    AddSeconds Seconds,
    IReadOnlyDictionary<string, CellView>? Surfaces,
    IReadOnlyList<string> Warnings,
    ImageFaults? Faults);

/// <param name="Add">From the request to the signed entry.</param>
/// <param name="Advertise">From there to the last surface; null when nobody waited.</param>
internal sealed record AddSeconds(double Add, double? Advertise, double Total);

/// <summary>What <c>add --json</c> says of a file that was not added: the problem, and which file.</summary>
internal sealed record RefusedFile(string File, string Type, string Title, int Status, string Detail, ImageId? Image);

/// <summary>What <c>ls --all --json</c> says.</summary>
internal sealed record WholeList(IReadOnlyList<ImageView> Images, IReadOnlyList<RetiredView> Retired, IReadOnlyList<BlockView> Blocked);

/// <summary>What <c>confirm --json</c> says.</summary>
internal sealed record Confirmed(string Code);

/// <summary>What <c>check-config --json</c> says.</summary>
internal sealed record ConfigurationCheck(
    string File, bool Valid, IReadOnlyList<ConfigurationProblem> Problems, IReadOnlyList<ConfigurationProblem> Warnings);

/// <summary>JSON that only the command line writes; everything else is the API's own.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AddedFile))]
[JsonSerializable(typeof(RefusedFile))]
[JsonSerializable(typeof(WholeList))]
[JsonSerializable(typeof(ConfigurationCheck))]
[JsonSerializable(typeof(Confirmed))]
[JsonSerializable(typeof(JoinReport))]
[JsonSerializable(typeof(TrustReport))]
internal sealed partial class CommandJson : JsonSerializerContext
{
    public static CommandJson Readable => field ??= new CommandJson(new JsonSerializerOptions(Default.Options) { Encoder = LetterEncoder.Instance });
}
