using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Upkeep;

/// <summary>A piece of work that the newest view asks for.</summary>
/// <param name="What">In words, as a sentence begins: "Moving debian-12.iso to retired". Together with the image it says which chore it is, from round to round.</param>
/// <param name="Image">Which image it is for; null when for none.</param>
/// <param name="Do">Does it. Null when it is done; else why not, in words. Whatever it throws is a failure of this chore alone.</param>
internal sealed record Chore(string What, ImageId? Image, Func<CancellationToken, Task<string?>> Do)
{
    /// <summary>What it is done with: after a failure it is tried at once with something else.</summary>
    public object? With { get; init; }

    /// <summary>It is not to be done yet, but looked at again then; null: now.</summary>
    public DateTimeOffset? From { get; init; }

    public static Chore Of(string what, ImageId? image, Action<CancellationToken> work) => new(what, image, cancellationToken =>
    {
        work(cancellationToken);
        return Task.FromResult<string?>(null);
    });
}
