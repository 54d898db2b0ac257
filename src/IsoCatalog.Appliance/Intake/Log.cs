using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Intake;

/// <summary>Event ids 1050 to 1059.</summary>
internal static partial class Log
{
    [LoggerMessage(1050, LogLevel.Information, "{Name} is in the catalog as {Image} ({Size} bytes, {Seconds:F1} s)")]
    public static partial void Added(ILogger logger, string name, ImageId image, long size, double seconds);

    [LoggerMessage(1051, LogLevel.Warning, "{Source} was not added ({Code}): {Message}")]
    public static partial void NotAdded(ILogger logger, string source, string code, string message);

    [LoggerMessage(1052, LogLevel.Error, "{What} failed and will be tried again")]
    public static partial void WillRetry(ILogger logger, string what, Exception exception);

    [LoggerMessage(1053, LogLevel.Error, "Adding {Source} ended in a defect")]
    public static partial void Unexpected(ILogger logger, string source, Exception exception);

    [LoggerMessage(1054, LogLevel.Information, "Images are recognised by {Rules} rules of osinfo-db ({Files} files)")]
    public static partial void Osinfo(ILogger logger, int rules, int files);

    [LoggerMessage(1055, LogLevel.Warning, "Of {Path} not everything is used to recognise images: {Problem}. Correct the file, or install osinfo-db anew")]
    public static partial void NoOsinfo(ILogger logger, string path, string problem);

    [LoggerMessage(1056, LogLevel.Warning, "{Count} more files of osinfo-db are not used as a whole")]
    public static partial void MoreNoOsinfo(ILogger logger, int count);

    [LoggerMessage(1057, LogLevel.Warning, "The pattern {Pattern} of osinfo-db takes too long, and its rule is not used until the files change. Correct the file that has it")]
    public static partial void SlowPattern(ILogger logger, string pattern);
}
