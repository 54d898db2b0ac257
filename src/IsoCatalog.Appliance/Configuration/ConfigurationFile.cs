using System.Text;
using IsoCatalog.Appliance.Configuration.Yaml;

namespace IsoCatalog.Appliance.Configuration;

/// <summary>
/// Reads <c>site.yaml</c>: one YAML 1.2 document in UTF-8, at most 1 MiB. Whatever the file holds, the answer is a
/// <see cref="ConfigurationResult"/> with every mistake found, never an exception.
/// </summary>
public static class ConfigurationFile
{
    /// <summary>Bytes.</summary>
    public const int MaxLength = 1 << 20;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Relative paths in the file are relative to the folder of the file.</summary>
    public static ConfigurationResult Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            if (Directory.Exists(path))
            {
                return Refused(path, "This is a folder. Name the file, such as site.yaml.");
            }

            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            var bytes = new byte[MaxLength + 1];
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return length > MaxLength
                ? Refused(path, $"The file is longer than {MaxLength} bytes. A site's configuration is far smaller; is this the right"
                    + " file?")
                : Decode(bytes.AsSpan(0, length), path, Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return Refused(path, "There is no such file. Write one (docs/configuration.md), or name another with --config.");
        }
        catch (UnauthorizedAccessException)
        {
            return Refused(path, $"The file cannot be read by user '{Environment.UserName}'. Give that user read access, or run as one"
                + " who has it.");
        }
        catch (Exception broken) when (broken is IOException or ArgumentException or NotSupportedException)
        {
            return Refused(path, $"The file cannot be read: {Quote.Sentence(broken.Message)}");
        }
    }

    /// <param name="yaml">The text of the file.</param>
    /// <param name="fileName">What problems are printed with.</param>
    /// <param name="baseDirectory">Absolute; what relative paths in the file are relative to.</param>
    public static ConfigurationResult Parse(string yaml, string fileName, string baseDirectory)
    {
        ArgumentNullException.ThrowIfNull(yaml);
        ArgumentException.ThrowIfNullOrEmpty(fileName);
        ArgumentException.ThrowIfNullOrEmpty(baseDirectory);
        if (yaml.Length > MaxLength)
        {
            return Refused(fileName, $"The file is longer than {MaxLength} bytes. A site's configuration is far smaller; is this the"
                + " right file?");
        }

        var problems = new Problems();
        if (ForbiddenCharacter(yaml) is { } at)
        {
            problems.Add(at.Line, at.Column, "", $"There is a control character (U+{(int)yaml[at.Index]:X4}) here. Is this a text file?"
                + " Remove the character.");
            return new ConfigurationResult.Invalid(fileName, problems.Errors(), []);
        }

        var root = NodeTree.Read(yaml.StartsWith('\uFEFF') ? yaml[1..] : yaml, problems);
        if (root is null or Node.Scalar { Kind: ScalarKind.Null })
        {
            if (!problems.Any)
            {
                problems.Add(0, 0, "", "The file is empty. It needs at least 'site' and 'data'.");
            }

            return new ConfigurationResult.Invalid(fileName, problems.Errors(), []);
        }

        var configuration = SiteReader.Read(root, baseDirectory, problems);
        if (configuration is not null)
        {
            ConfigurationRules.Check(configuration, problems);
        }

        return problems.Any || configuration is null
            ? new ConfigurationResult.Invalid(fileName, problems.Errors(), problems.Warnings())
            {
                Socket = configuration is not null && problems.Sound("socket", "data") ? configuration.Socket : null,
            }
            : new ConfigurationResult.Loaded(
                fileName, configuration with { File = Path.Combine(baseDirectory, Path.GetFileName(fileName)) }, problems.Warnings(), problems);
    }

    private static ConfigurationResult Decode(ReadOnlySpan<byte> bytes, string fileName, string baseDirectory)
    {
        try
        {
            return Parse(Strict.GetString(bytes), fileName, baseDirectory);
        }
        catch (DecoderFallbackException wrong)
        {
            var before = bytes[..Math.Clamp(wrong.Index, 0, bytes.Length)];
            var lineStart = before.LastIndexOf((byte)'\n') + 1;
            return new ConfigurationResult.Invalid(
                fileName,
                [new(before.Count((byte)'\n') + 1, before.Length - lineStart + 1, "", "The file is not UTF-8 from here on. Save it as"
                    + " UTF-8.")],
                []);
        }
    }

    /// <summary>YAML 1.2.2, section 5.1: what may stand in a stream; NEL and the two Unicode line ends are left out as well, because editors
    /// and this reader would count lines differently.</summary>
    private static (int Index, int Line, int Column)? ForbiddenCharacter(string yaml)
    {
        var (line, start) = (1, 0);
        for (var i = 0; i < yaml.Length; i++)
        {
            switch (yaml[i])
            {
                case '\n':
                    (line, start) = (line + 1, i + 1);
                    break;
                case '\t' or '\r':
                    break;
                case '\uFEFF' when i > 0:
                case '\u2028' or '\u2029':
                case var c when char.IsControl(c):
                    return (i, line, i - start + 1);
                default:
                    break;
            }
        }

        return null;
    }

    private static ConfigurationResult.Invalid Refused(string fileName, string message) =>
        new(fileName, [new ConfigurationProblem(0, 0, "", message)], []);
}
