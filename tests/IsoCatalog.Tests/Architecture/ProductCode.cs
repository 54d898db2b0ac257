using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace IsoCatalog.Tests.Architecture;

/// <summary>The compiled product, and which types and members each of its types uses. A constant's value is inlined by the compiler and leaves no trace.</summary>
internal static class ProductCode
{
    private const BindingFlags All =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(f => (OpCode)f.GetValue(null)!)
        .ToDictionary(o => o.Value);

    public static Assembly Core { get; } = typeof(Core.Catalog.ImageId).Assembly;

    public static Assembly Swarm { get; } = Assembly.Load("IsoCatalog.Swarm");

    public static Assembly Surfaces { get; } = Assembly.Load("IsoCatalog.Surfaces");

    public static Assembly Client { get; } = Assembly.Load("IsoCatalog.Client");

    public static Assembly Simulators { get; } = Assembly.Load("IsoCatalog.Simulators");

    public static Assembly Appliance { get; } = Assembly.Load("isocatalog");

    public static IEnumerable<Assembly> Everything => [Core, Swarm, Surfaces, Client, Simulators, Appliance];

    /// <summary>What people wrote: without what the compiler and its generators add.</summary>
    public static IEnumerable<Type> WrittenTypes(Assembly assembly) => assembly.GetTypes()
        .Where(t => t.Namespace?.StartsWith("IsoCatalog", StringComparison.Ordinal) == true && !IsGenerated(t));

    /// <summary>Each use by a type of the assembly whose namespace is, or lies in, <paramref name="room"/>; nested types count as their outer ones.</summary>
    public static IEnumerable<Use> UsesIn(Assembly assembly, string room) => assembly.GetTypes()
        .Where(t => IsIn(NamespaceOf(t), room))
        .SelectMany(t => Used(t).SelectMany(member => Types(member).Select(used => new Use(t, used, member))))
        .Distinct();

    public static bool IsIn(string? space, string room) =>
        space == room || space?.StartsWith(room + ".", StringComparison.Ordinal) == true;

    public static IEnumerable<MethodBase> Methods(Type type) => type.GetMethods(All).Concat<MethodBase>(type.GetConstructors(All));

    public static string? NamespaceOf(Type type) => Outermost(type).Namespace;

    public static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    private static bool IsGenerated(Type type) => type.Name.Contains('<', StringComparison.Ordinal)
        || type.GetCustomAttribute<CompilerGeneratedAttribute>() is not null
        || type.GetCustomAttribute<System.CodeDom.Compiler.GeneratedCodeAttribute>() is not null
        || (type.DeclaringType is { } outer && IsGenerated(outer));

    private static IEnumerable<MemberInfo> Used(Type type)
    {
        IEnumerable<MemberInfo?> declared =
        [
            type.BaseType,
            .. type.GetInterfaces(),
            .. type.GetFields(All).Select(f => f.FieldType),
            .. type.GetCustomAttributesData().Select(a => a.AttributeType),
            .. Methods(type).SelectMany(m => m.GetParameters().Select(p => p.ParameterType)),
            .. type.GetMethods(All).Select(m => m.ReturnType),
            .. Methods(type).SelectMany(m => m.GetMethodBody()?.LocalVariables.Select(l => l.LocalType) ?? []),
        ];
        return declared.Concat(Methods(type).SelectMany(Called)).OfType<MemberInfo>();
    }

    /// <summary>The members and types that the instructions name (ECMA-335 III.1.2).</summary>
    private static IEnumerable<MemberInfo?> Called(MethodBase method)
    {
        if (method.GetMethodBody()?.GetILAsByteArray() is not { } code)
        {
            yield break;
        }

        var typeArguments = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null;
        var methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (var at = 0; at < code.Length;)
        {
            short value = code[at++];
            if (value == 0xFE)
            {
                value = (short)(0xFE00 | code[at++]);
            }

            var operation = OpCodesByValue[value];
            if (operation.OperandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType)
            {
                yield return method.Module.ResolveMember(BitConverter.ToInt32(code, at), typeArguments, methodArguments);
            }

            at += operation.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }

    private static IEnumerable<Type> Types(MemberInfo member) => member switch
    {
        Type type => Parts(type),
        MethodBase method =>
        [
            .. Parts(method.DeclaringType),
            .. method.GetParameters().SelectMany(p => Parts(p.ParameterType)),
            .. method is MethodInfo info ? Parts(info.ReturnType) : [],
            .. method.IsGenericMethod ? method.GetGenericArguments().SelectMany(Parts) : [],
        ],
        FieldInfo field => [.. Parts(field.DeclaringType), .. Parts(field.FieldType)],
        _ => [],
    };

    private static IEnumerable<Type> Parts(Type? type)
    {
        if (type is null || type.IsGenericParameter)
        {
            return [];
        }

        return type.HasElementType ? Parts(type.GetElementType())
            : type.IsConstructedGenericType ? [type.GetGenericTypeDefinition(), .. type.GetGenericArguments().SelectMany(Parts)]
            : [type];
    }
}

/// <param name="Member">The member whose use brings the type in; may be the type itself.</param>
internal sealed record Use(Type By, Type Used, MemberInfo Member)
{
    public override string ToString() =>
        $"{ProductCode.Outermost(By).FullName} uses {Used.FullName}{(Member is Type ? "" : $" ({Member.DeclaringType?.Name}.{Member.Name})")}";
}
